"""A build that renders only what can have changed gives what a full build gives, byte for byte."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from edgekit.compiler import proof
from edgekit.compiler.build import CompileResult, compile_site
from edgekit.compiler.digests import Digests
from edgekit.compiler.names import split_read
from edgekit.compiler.record import NO_BUILD, Previous
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.model.fragment import Fragment
from edgekit.model.reads import decode_reads, encode_reads
from edgekit.project.load import load_site
from edgekit.project.site import Site
from tests.compiler.changing import PARTS, ChangingSite, Part
from tests.scale import scaled

WALKS = 4
EDITS = scaled(125)


class Builds:
    """One build after the other, each beside a full one of the same site; `bodies` are those that were handed on."""

    def __init__(self) -> None:
        self.previous = NO_BUILD
        self.bodies: set[str] = set()

    def build(self, site: Site, jobs: int = 1) -> CompileResult:
        """The incremental one, which is the next one's previous if it compiled."""

        def keep(fragment: Fragment) -> None:
            self.bodies.add(fragment.digest.hex())

        result = compile_site(site, keep, jobs=jobs, previous=self.previous)
        if result.pack is not None:
            assert result.pack.reads is not None
            reads = decode_reads(encode_reads(result.pack.reads))
            assert reads == result.pack.reads
            self.previous = Previous(result.pack.index, reads)
        return result


def compile_full(site: Site) -> CompileResult:
    return compile_site(site, lambda fragment: None, jobs=1)


def published(result: CompileResult) -> object:
    return result.diagnostics, result.pack and (result.pack.index, result.pack.manifest, result.pack.release)


@pytest.fixture(autouse=True)
def _without_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only fragments are compared here, and a second render of each would take most of the time."""
    monkeypatch.setattr(proof, "SAMPLE", 0)


@pytest.mark.parametrize("seed", range(WALKS))
def test_random_edits_give_what_full_builds_give(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    changing = ChangingSite(tmp_path / "site")
    builds = Builds()
    builds.build(load_site(changing.root, build_time=changing.clock))
    compared = compiled = 0
    undo: list[tuple[Part, int]] = []
    while compared < EDITS:  # a configuration that cannot be read leaves nothing to compare
        part = random.choice([part for part, choices in PARTS.items() if len(choices) > 1])
        before = changing.choice[part]
        undo.append((part, before))
        now = random.choice([other for other in range(len(PARTS[part])) if other != before])
        changing.edit(part, now)
        try:
            site = load_site(changing.root, build_time=changing.clock)
        except EdgekitError:
            loads = False
        else:
            loads = True
            full = compile_full(site)
            result = builds.build(site, jobs=2 if compared % 50 == 49 else 1)
            assert (result.pack, result.diagnostics) == (full.pack, full.diagnostics), (compared, part, now)
            compared += 1
            assert result.pack is None or {entry.digest for entry in result.pack.index} <= builds.bodies
        if loads and result.pack is not None:
            compiled += 1
            undo.clear()
        elif random.random() < 0.7:  # else the next edit meets a site that does not compile
            for edited, choice in reversed(undo):
                changing.edit(edited, choice)
            undo.clear()
    assert compiled > EDITS * 0.6


ONLY: Mapping[str, tuple[Sequence[tuple[Part, int]], tuple[Part, int]]] = {
    "template": ([], (("file", "templates/nav.html"), 1)),
    "asset": ([(("file", "pages/clock.html"), 2)], (("file", "static/shop.css"), 1)),
    "data": ([], (("file", "data/words.toml"), 1)),
    "segment": ([(("file", "pages/you.html"), 1)], (("file", "segments/gold.toml"), 2)),
    "slot": ([], (("config", "state"), 1)),
    "island": (
        [(("file", "islands/more.html"), 1), (("file", "pages/news.html"), 2)],
        (("file", "islands/more.html"), 0),
    ),
    "link": ([], (("config", "redirects"), 1)),
    "functions": ([], (("file", "../shop.py"), 1)),
    "clock": ([], (("clock", ""), 2)),
    "page": ([], (("file", "data/products.json"), 5)),
    "settings": ([(("file", "pages/you.html"), 2)], (("config", "site"), 1)),
}
"""For each kind of read, and what a page is itself: edits to begin with, and one whose traces nothing else shows."""


@pytest.mark.parametrize("kind", ONLY)
def test_no_kind_of_read_could_be_left_out(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, (part, choice) = ONLY[kind]
    changing = ChangingSite(tmp_path / "site")
    for edited, now in first:
        changing.edit(edited, now)
    builds = Builds()
    assert builds.build(load_site(changing.root, build_time=changing.clock)).pack is not None
    changing.edit(part, choice)
    site = load_site(changing.root, build_time=changing.clock)
    full = compile_full(site)
    known = {name: digest for name, digest in builds.previous.reads.reads if split_read(name)[0] == kind}
    own = {path: record.own for path, record in builds.previous.reads.pages.items()}
    of_read = Digests.of_read
    with monkeypatch.context() as patch:
        patch.setattr(
            Digests, "of_read", lambda digests, read: known[read] if read in known else of_read(digests, read)
        )
        if kind == "page":
            patch.setattr(Digests, "of_page", lambda digests, page: own[page.path])
        with suppress(KeyError):  # an island that a page still names may be gone
            forgetful = compile_site(site, lambda fragment: None, jobs=1, previous=builds.previous)
            assert published(forgetful) != published(full)
    result = builds.build(site)
    assert (result.pack, result.diagnostics) == (full.pack, full.diagnostics)


def test_two_contents_of_one_url_are_told_apart(tmp_path: Path) -> None:
    changing = ChangingSite(tmp_path / "site")
    builds = Builds()
    for content in ("color 19364", "color 102447"):  # SHA-256 of both begins with a753d306
        (changing.root / "static/shop.css").write_text(content)
        site = load_site(changing.root, build_time=changing.clock)
        assert site.assets["shop.css"].url == "/static/shop.a753d306.css"
        assert builds.build(site).pack == compile_full(site).pack

import os
from pathlib import Path

import pytest

from edgekit.cli.sources import RevisionSource, SiteSource, Source, StoreSource, find_sources
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError
from tests.cli.command import write_shop

STORE = Path("build/edge.lmdb")


def refused(old: str | None, new: str | None = None, *, code: str) -> Diagnostic:
    with pytest.raises(EdgekitError) as caught:
        find_sources(old, new, None)
    (found,) = caught.value.diagnostics
    assert (found.code, caught.value.status) == (code, 2)
    return found


@pytest.mark.parametrize(
    ("arguments", "sources"),
    [
        ((None, None), (StoreSource(STORE, False), SiteSource(Path("site"), STORE))),
        (("site", None), (StoreSource(STORE, False), SiteSource(Path("site"), STORE))),
        (("build/edge.lmdb", None), (StoreSource(STORE, True), SiteSource(Path("site"), STORE))),
        (("git:main", None), (RevisionSource("main", Path("site"), STORE), SiteSource(Path("site"), STORE))),
        (("site", "build/edge.lmdb"), (SiteSource(Path("site"), STORE), StoreSource(STORE, True))),
        (("git:a", "git:b"), (RevisionSource("a", Path("site"), STORE), RevisionSource("b", Path("site"), STORE))),
        (("git:a", "other"), (RevisionSource("a", Path("other"), STORE), SiteSource(Path("other"), STORE))),
        (("other", "git:a"), (SiteSource(Path("other"), STORE), RevisionSource("a", Path("other"), STORE))),
        (("git:", "build/edge.lmdb"), (RevisionSource("", Path("site"), STORE), StoreSource(STORE, True))),
    ],
)
def test_arguments_are_stores_sites_and_revisions(
    built: Path, arguments: tuple[str | None, str | None], sources: tuple[Source, Source]
) -> None:
    write_shop(built / "other")
    found = find_sources(*arguments, None)
    assert (
        tuple(
            source._replace(folder=Path(os.path.relpath(source.folder)))
            if isinstance(source, RevisionSource)
            else source
            for source in found
        )
        == sources
    )


def test_the_default_store_is_that_of_a_build(shop: Path) -> None:
    assert find_sources(None, None, Path("given.lmdb"))[0] == StoreSource(Path("given.lmdb"), False)
    with (shop / "site/edgekit.toml").open("a") as config:
        config.write('[build]\nstore = "own.lmdb"\n')
    assert find_sources("site", None, None)[0] == StoreSource(shop / "site/own.lmdb", False)


def test_what_is_not_there_is_named(shop: Path) -> None:
    assert refused("mian", code="EK174").message == "there is neither a store nor a site `mian`"
    refused("site", "mian", code="EK174")
    refused("site/pages", code="EK101")


@pytest.mark.parametrize("target", ["cloudflare", "cloudflare:staging", "redis://localhost", "rediss://localhost/0"])
def test_deployed_targets_cannot_be_compared_yet(shop: Path, target: str) -> None:
    assert "cannot be compared yet" in refused(target, code="EK174").message


def test_a_target_is_no_file_whose_name_begins_so(built: Path) -> None:
    STORE.rename("cloudflare.lmdb")
    assert find_sources("cloudflare.lmdb", None, None)[0] == StoreSource(Path("cloudflare.lmdb"), True)

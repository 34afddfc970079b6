"""Checking the files that changed finds what a full check finds, with the record of a build and without."""

import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.compiler.build import compile_site
from edgekit.compiler.check import CheckResult, check_files
from edgekit.compiler.record import Previous
from edgekit.project.load import load_site
from edgekit.project.site import Site
from tests.compiler.sites import BUILD_TIME, CONFIG, write_site
from tests.scale import scaled

WRONG = "{{ user.name|upper }}"

FILES: Mapping[str, str] = {
    "edgekit.toml": CONFIG
    + '[pages."[sku].html"]\neach = "data.shop.items"\n[islands.card]\neach = "data.shop.items"\nkey = "sku"\n'
    '[slots.RECS]\nfrom = "user.recs"\nisland = "card"\nmax_items = 2\ndefault = "none"\n'
    '[jinja]\npaths = ["../theme"]\n',
    "pages/index.html": '{% extends "layout.html" %}{% block main %}{% include "nav.html" %}{% endblock %}',
    "pages/about.html": '{% extends "layout.html" %}{% block main %}<a href="/plain">x</a>{% endblock %}',
    "pages/plain.html": "<p>plain</p>",
    "pages/maybe.html": '{% include "extra.html" ignore missing %}<p>x</p>',
    "pages/first.html": '{% include ["one.html", "two.html"] %}',
    "pages/kind.html": '{% include "kind-" ~ data.shop["items"][0].sku ~ ".html" %}',
    "pages/themed.html": '{% include "banner.html" %}',
    "pages/styled.html": '<link rel="stylesheet" href="{{ asset("shop.css") }}">',
    "pages/macro.html": '{% from "macros.html" import bold %}{{ bold("x") }}',
    "pages/vip.html": '{% if tier == "vip" %}{% include "lounge.html" %}{% endif %}',
    "pages/news.html": '<body><div>{% island "news" %}</div>',
    "pages/lists.html": "<body><div>{{ user.recs }}</div>",
    "pages/[sku].html": "<p>{{ item.title }}</p>",
    "islands/news.html": '<p>{% include "./story.html" %}</p>',
    "islands/card.html": '<p>{% include "price.html" %}</p>',
    "islands/none.html": "<p>none</p>",
    "templates/layout.html": "<title>x</title><body>{% block main %}{% endblock %}",
    "templates/nav.html": "<p>nav</p>",
    "templates/two.html": "<p>two</p>",
    "templates/kind-p-1.html": "<p>kind</p>",
    "templates/macros.html": "{% macro bold(x) %}<b>{{ x }}</b>{% endmacro %}",
    "templates/lounge.html": "<p>lounge</p>",
    "templates/story.html": "story",
    "templates/unused.html": "<p>unused</p>",
    "price.html": "{{ item.price }}",
    "../theme/banner.html": "<p>banner</p>",
}

EDITED = (
    *(name for name in FILES if name not in ("edgekit.toml", "pages/plain.html")),
    *("templates/extra.html", "templates/one.html", "templates/price.html", "templates/banner.html", "one.html"),
    *("data/shop.json", "segments/vip.toml", "static/shop.css", "pages/plain.html"),
)
"""Files that are there, that templates ask for in vain, and that would stand before another of their name."""


def build(folder: Path, files: Mapping[str, str] = FILES) -> tuple[Site, Previous]:
    site = write_site(folder, files)
    result = compile_site(site, lambda fragment: None, jobs=1)
    assert result.pack is not None, result.diagnostics
    assert result.pack.reads is not None
    return site, Previous(result.pack.index, result.pack.reads)


def edit(folder: Path, edits: Mapping[str, str | None]) -> Site:
    for name, text in edits.items():
        file = folder / name
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, errors="surrogateescape")
    return load_site(folder, build_time=BUILD_TIME)


def check(site: Site, files: Iterable[str], previous: Previous | None) -> CheckResult:
    """As the command does it: what was read by a build of other inputs is of no use."""
    usable = previous if previous is not None and previous.reads.inputs == site.inputs else None
    return check_files(site, [site.root / name for name in files], usable, jobs=1)


OF_THE_WHOLE = {"EK803", "EK805", "EK806", "EK807"}
"""Warnings of what nothing in the whole site uses, which no part of it tells."""

CONFIGURED = {"pages/[sku].html", "islands/card.html", "islands/none.html"}
"""Without these there is no site."""

CONTENTS = {"wrong": WRONG, "other": "<p>other</p>", "syntax": "{% if %}", "not UTF-8": "\udcff"}

TEXTS = {
    "data/shop.json": '{"items": [{"sku": "p-2", "title": "x", "price": 1}]}',
    "segments/vip.toml": "hero = 'x'\nseason = 'summer'\n",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Previous]:
    """A site's folder, which is to be copied, and what its build read."""
    root = tmp_path_factory.mktemp("built") / "site"
    return root, build(root)[1]


@settings(max_examples=scaled(25))
@given(st.dictionaries(st.sampled_from(EDITED), st.sampled_from(["gone", *CONTENTS]), max_size=3))
def test_what_changed_is_checked_as_a_full_check_does(built: tuple[Path, Previous], changes: Mapping[str, str]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder, "site").resolve()
        shutil.copytree(built[0].parent, root.parent, dirs_exist_ok=True)
        previous = built[1]
        edits = {
            name: TEXTS.get(name) or CONTENTS.get("wrong" if name in CONFIGURED and change == "gone" else change)
            for name, change in changes.items()
        }
        site = edit(root, edits)
        found = compile_site(site, lambda fragment: None, jobs=1).diagnostics
        full = tuple(one for one in found if one.code not in OF_THE_WHOLE)
        with_record = check(site, edits, previous)
        assert with_record.diagnostics == full
        assert check(site, edits, None).diagnostics == full
        gone = [name for name, text in edits.items() if text is None]
        some = [*list(edits)[:1], *gone]
        assert check(site, some, previous).diagnostics == check(site, some, None).diagnostics


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("pages/plain.html", ["/plain"]),
        ("templates/layout.html", ["/", "/about"]),
        ("templates/nav.html", ["/"]),
        ("templates/extra.html", ["/maybe"]),
        ("templates/one.html", ["/first"]),
        ("one.html", ["/first"]),
        ("templates/two.html", ["/first"]),
        ("templates/kind-p-1.html", ["/kind"]),
        ("../theme/banner.html", ["/themed"]),
        ("templates/banner.html", ["/themed"]),
        ("templates/macros.html", ["/macro"]),
        ("templates/lounge.html", ["/vip"]),
        ("pages/[sku].html", ["/p-1", "/p-2", "/p-3"]),
        ("templates/story.html", ["island/news"]),
        ("templates/price.html", ["island/card/p-1", "island/card/p-2", "island/card/p-3"]),
        ("templates/unused.html", []),
    ],
)
def test_pages_that_ask_for_a_file_are_found_by_it(tmp_path: Path, name: str, paths: list[str]) -> None:
    root = tmp_path / "site"
    _, previous = build(root)
    found = check(edit(root, {name: WRONG}), [name], previous).diagnostics
    assert sorted({path for diagnostic in found for path in diagnostic.pages}) == paths


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("pages/plain.html", 1),
        ("templates/nav.html", 1),
        ("templates/story.html", 2),
        ("price.html", 4),
        ("static/shop.css", 1),
        ("templates/unused.html", 0),
        ("users.jsonl", 0),
        ("edgekit.toml", 20),
        ("data/shop.json", 20),
        ("segments/free.toml", 20),
    ],
)
def test_the_record_counts_the_same_pages_as_compiling_all(tmp_path: Path, name: str, pages: int) -> None:
    site, previous = build(tmp_path / "site")
    with_record, without = check(site, [name], previous), check(site, [name], None)
    assert (with_record.pages, without.pages) == (pages, pages)
    assert without.compiled == len(site.all_pages()) == 20
    plain_islands = 2
    assert with_record.compiled <= pages + plain_islands


def test_a_page_that_changed_since_the_build_and_reads_nothing_named_is_no_finding(tmp_path: Path) -> None:
    root = tmp_path / "site"
    _, previous = build(root)
    site = edit(root, {"pages/plain.html": WRONG})
    assert check(site, ["pages/about.html"], previous).diagnostics == ()
    assert len(check(site, ["pages/plain.html"], previous).diagnostics) == 1


def test_a_page_that_asks_for_a_file_since_the_build_is_found_by_it(tmp_path: Path) -> None:
    root = tmp_path / "site"
    _, previous = build(root)
    site = edit(root, {"pages/plain.html": '{% include "unused.html" %}', "templates/unused.html": WRONG})
    (found,) = check(site, ["templates/unused.html"], previous).diagnostics
    assert found.pages == ("/plain",)


@pytest.mark.parametrize("gone", ["templates/nav.html", "static/shop.css", "islands/news.html"])
def test_what_the_build_read_and_is_gone_counts_as_named(tmp_path: Path, gone: str) -> None:
    root = tmp_path / "site"
    _, previous = build(root)
    (found,) = check(edit(root, {gone: None}), ["pages/plain.html"], previous).diagnostics
    assert found.code in {"EK212", "EK217", "EK604"}


@pytest.mark.parametrize("file", ["pages/plain.html", "templates/nav.html"])
def test_what_the_build_read_and_cannot_be_read_any_more_is_a_finding(tmp_path: Path, file: str) -> None:
    root = tmp_path / "site"
    _, previous = build(root)
    site = edit(root, {"templates/nav.html": "\udcff"})
    found = check(site, [file], previous).diagnostics
    assert [one.message for one in found] == ["the template is no UTF-8"] * file.startswith("templates")


def test_a_page_that_is_gone_is_missed_by_those_that_link_to_it(tmp_path: Path) -> None:
    root = tmp_path / "site"
    _, previous = build(root)
    site = edit(root, {"pages/plain.html": None})
    for files in (["pages/plain.html"], ["pages/index.html"]):
        (found,) = check(site, files, previous).diagnostics
        assert (found.code, found.pages) == ("EK801", ("/about",))


def test_a_link_to_a_template_is_the_template(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if name != "templates/nav.html"}
    root = tmp_path / "site"
    root.mkdir()
    (root / "parts").mkdir()
    (root / "parts/nav.html").write_text("<p>nav</p>")
    (root / "templates").mkdir()
    (root / "templates/nav.html").symlink_to("../parts/nav.html")
    site, previous = build(root, files)
    assert check(site, ["parts/nav.html"], previous).pages == 1


def test_a_template_that_another_time_asks_for_is_found_at_any_time(tmp_path: Path) -> None:
    files = {
        "pages/index.html": '{% if build_time.month == 12 %}{% include "xmas.html" %}{% endif %}',
        "pages/other.html": "<p>{{ build_time.year }}</p>",
        "pages/chosen.html": '{% include "month-" ~ build_time.month ~ ".html" ignore missing %}',
        "templates/xmas.html": '{% include "tree.html" %}',
        "templates/tree.html": "<p>tree</p>",
    }
    root = tmp_path / "site"
    _, previous = build(root, files)
    for name in ("templates/tree.html", "templates/month-12.html"):
        edit(root, {name: WRONG})
        december = load_site(root, build_time=datetime(2026, 12, 24, tzinfo=UTC))
        (found,) = check(december, [name], previous).diagnostics
        assert found.pages == ("/" if "tree" in name else "/chosen",)
        edit(root, {name: None if "month" in name else "<p>tree</p>"})


def test_what_a_page_and_its_changed_island_make_together_is_found(tmp_path: Path) -> None:
    files = {
        **FILES,
        "edgekit.toml": FILES["edgekit.toml"] + '[pages."news.html"]\ndelivery = "static"\n',
        "islands/news.html": "<p>x</p>",
    }
    root = tmp_path / "site"
    _, previous = build(root, files)
    site = edit(root, {"islands/news.html": "<p>{{ user.name }}</p>"})
    for record in (previous, None):
        (found,) = check(site, ["islands/news.html"], record).diagnostics
        assert (found.code, found.pages) == ("EK601", ("/news",))


def test_a_faulty_island_is_found_by_the_page_that_begins_to_fetch_it(tmp_path: Path) -> None:
    root = tmp_path / "site"
    _, previous = build(root, {**FILES, "islands/news.html": "<script>1</script>"})
    site = edit(root, {"pages/plain.html": '<body><div>{% island "news" client %}x{% endisland %}</div>'})
    for record in (previous, None):
        (found,) = check(site, ["pages/plain.html"], record).diagnostics
        assert (found.code, found.pages) == ("EK608", ("island/news",))


def test_a_list_is_checked_with_items_that_nothing_has_changed(tmp_path: Path) -> None:
    files = {
        **FILES,
        "edgekit.toml": FILES["edgekit.toml"] + "[budget]\ncpu_ms = 20\n",
        "price.html": "{{ user.name }}" * 500,
    }
    root = tmp_path / "site"
    _, previous = build(root, files)
    site = edit(root, {"pages/plain.html": "<body>" + "<div>{{ user.recs }}</div>" * 20})
    full = compile_site(site, lambda fragment: None, jobs=1).diagnostics
    assert [found.code for found in full] == ["EK503"]
    for record in (previous, None):
        assert check(site, ["pages/plain.html"], record).diagnostics == full


def test_several_processes_find_what_one_finds(tmp_path: Path) -> None:
    root = tmp_path / "site"
    build(root)
    site = edit(root, {"templates/price.html": WRONG, "pages/plain.html": WRONG})
    files = [root / "templates/price.html", root / "pages/plain.html"]
    assert check_files(site, files, None, jobs=2) == check_files(site, files, None, jobs=1)

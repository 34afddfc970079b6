"""What is declared and never used is told, with its place; what is used in any way is not."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from edgekit.compiler.build import compile_site
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.project.load import load_site
from tests.compiler.sites import UNUSED, compile_files, write_site

CONFIG = """\
[site]
base_url = "https://shop.example"
default_tier = "free"

[slots.USER_NAME]
from = "user.name"
default = "there"
max_length = 40
"""
HERO = '[slots.HERO]\nfrom = "segment.hero"\nmax_length = 80\n'
LIST = """\
[slots.RECS]
from = "user.recs"
island = "card"
max_items = 4
default = "none"
[islands.card]
each = "data.shop.items"
as = "item"
key = "sku"
"""
USED = "<p>{{ user.name }} {{ tier }}</p>"
"""Uses all that the common configuration declares."""


def unused(folder: Path, files: Mapping[str, str], jobs: int = 1) -> list[Diagnostic]:
    compiled = compile_files(folder, {"edgekit.toml": CONFIG, "pages/index.html": USED, **files}, jobs=jobs)
    found = list(compiled.result.diagnostics)
    assert {(one.code in UNUSED, one.severity) for one in found} <= {(True, "warning")}
    return found


def names(folder: Path, files: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(one.code, one.message.split("`")[1]) for one in unused(folder, files)]


def test_a_slot_that_no_page_uses_has_its_line(tmp_path: Path) -> None:
    (found,) = unused(tmp_path, {"pages/index.html": "{{ tier }}"})
    assert (found.code, found.message) == ("EK803", "no page uses slot `USER_NAME`")
    assert (found.file, found.line, found.source) == (str(tmp_path / "edgekit.toml"), 5, "[slots.USER_NAME]")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"pages/index.html": "{{ tier }}{% set kept = user.name %}"},
        {"pages/index.html": "{% if tier == 'vip' %}{{ user.name }}{% endif %}"},
        {"pages/index.html": "{{ tier }}{% island 'hi' %}", "islands/hi.html": "{{ user.name }}"},
        {"pages/index.html": "{{ tier }}{% island 'hi' client %}{% endisland %}", "islands/hi.html": "{{ user.name }}"},
        {
            "edgekit.toml": CONFIG + LIST,
            "pages/index.html": "{{ tier }}<div>{{ user.recs }}</div>",
            "islands/card.html": "<p>{{ item.sku }} {{ user.name }}</p>",
            "islands/none.html": "",
        },
    ],
    ids=["printed", "kept", "in-one-tier", "in-an-island", "in-a-fetched-island", "in-an-item"],
)
def test_a_slot_that_anything_reads_is_used(files: dict[str, str], tmp_path: Path) -> None:
    assert unused(tmp_path, files) == []


def test_tiers_that_see_the_same_are_told_but_for_the_first(tmp_path: Path) -> None:
    found = unused(tmp_path, {"pages/index.html": "{{ user.name }}", "segments/a.toml": 'hero = ""'})
    assert [(one.code, one.file, one.message) for one in found] == [
        ("EK805", str(tmp_path / f"segments/{tier}.toml"), f"tier `{tier}` sees the same as `free` on every page")
        for tier in ("a", "vip")
    ]


def test_tiers_of_which_two_are_alike(tmp_path: Path) -> None:
    page = "{{ user.name }}{{ 1 if tier == 'free' else 2 }}"
    (found,) = unused(tmp_path, {"pages/index.html": page, "segments/a.toml": ""})
    assert found.message == "tier `vip` sees the same as `a` on every page"


def test_tiers_of_a_site_of_static_pages_change_nothing(tmp_path: Path) -> None:
    files = {"edgekit.toml": CONFIG.partition("[slots")[0], "pages/index.html": "<p>"}
    assert names(tmp_path, files) == [("EK805", "vip")]


def test_tiers_may_differ_in_what_an_origin_answers(tmp_path: Path) -> None:
    origin = '[origin]\nurl = "http://127.0.0.1:8000"\npaths = ["/api/*"]\n'
    assert unused(tmp_path, {"edgekit.toml": CONFIG + origin, "pages/index.html": "{{ user.name }}"}) == []


def test_tiers_with_a_live_field_may_differ_at_any_time(tmp_path: Path) -> None:
    files = {"edgekit.toml": CONFIG + HERO, "pages/index.html": "{{ user.name }}{{ segment.hero }}"}
    assert unused(tmp_path, files) == []


def test_one_tier_is_no_twin(tmp_path: Path) -> None:
    write_site(tmp_path, {"edgekit.toml": CONFIG, "pages/index.html": "{{ user.name }}"})
    (tmp_path / "segments/vip.toml").unlink()
    assert compile_site(load_site(tmp_path), lambda fragment: None).diagnostics == ()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"templates/a.html": ""}, ["templates/a.html"]),
        ({"templates/b/a.j2": ""}, ["templates/b/a.j2"]),
        ({"templates/a.html": "", "pages/x.html": "{% include 'a.html' %}"}, []),
        ({"templates/a.html": "", "pages/x.html": "{% include 'templates/a.html' %}"}, []),
        ({"templates/a.html": "", "pages/x.html": "{% import 'a.html' as a %}"}, []),
        ({"templates/a.html": "", "pages/x.html": "{% if false %}{% include 'a.html' %}{% endif %}"}, []),
        (
            {
                "templates/a.html": "{% extends 'b.html' %}",
                "templates/b.html": "",
                "pages/x.html": "{% if data.shop.empty %}{% include 'a.html' %}{% endif %}",
            },
            [],
        ),
        (
            {"templates/a.html": "{% extends 'b.html' %}", "templates/b.html": "{% include 'a.html' %}"},
            ["templates/a.html", "templates/b.html"],
        ),
        ({"templates/a.html": "{% broken"}, ["templates/a.html"]),
        ({"templates/a.html": "", "pages/x.html": "{% include ['no.html', 'a.html'] %}"}, []),
        (
            {"templates/a.html": "", "templates/c.html": "", "pages/x.html": "{% include ['a', 'c'][1] ~ '.html' %}"},
            [],
        ),
        ({"templates/NOTES.md": "", "templates/.a.html": ""}, []),
        ({"islands/hi.html": "{% include 'a.html' %}", "templates/a.html": ""}, ["islands/hi.html"]),
        ({"islands/hi.html": "<p>hi</p>", "pages/x.html": "{% include 'islands/hi.html' %}"}, []),
        (
            {
                "islands/none.html": "",
                "islands/card.html": "",
                "edgekit.toml": CONFIG + LIST,
                "pages/x.html": "<div>{{ user.recs }}</div>",
            },
            [],
        ),
        (
            {"islands/card.html": "", "edgekit.toml": CONFIG + LIST[LIST.index("[islands") :]},
            ["islands/card.html"],
        ),
    ],
)
def test_templates_that_nothing_uses(files: dict[str, str], expected: list[str], tmp_path: Path) -> None:
    assert names(tmp_path, files) == [("EK806", name) for name in expected]


def test_an_unused_template_that_cannot_be_read_names_none(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/a.html").write_bytes(b"{% include 'b.html' %}\xff")
    files = {"pages/x.html": "{% if false %}{% include 'a.html' %}{% endif %}", "templates/b.html": ""}
    assert names(tmp_path, files) == [("EK806", "templates/b.html")]


def test_several_processes_find_the_same(tmp_path: Path) -> None:
    files = {"pages/index.html": "<p>", "pages/b.html": "", "templates/a.html": "", "islands/hi.html": ""}
    one = unused(tmp_path, files)
    assert [found.code for found in one] == ["EK803", "EK806", "EK805", "EK806"]
    assert unused(tmp_path, files, jobs=2) == one


def test_nothing_is_said_of_a_site_with_a_finding(tmp_path: Path) -> None:
    files = {"edgekit.toml": CONFIG, "pages/index.html": "{{ user.name|upper }}", "templates/a.html": ""}
    assert [found.code for found in compile_files(tmp_path, files).result.diagnostics] == ["EK202"]

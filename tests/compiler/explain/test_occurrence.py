"""Which template lines made a piece of a page."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from edgekit.compiler.explain.explain import find_text
from edgekit.compiler.explain.explanation import Occurrences, Source
from edgekit.compiler.explain.subject import find_subject
from edgekit.project.site import Page
from tests.compiler.explain.test_explain import ISLANDS
from tests.compiler.sites import write_site


def find(folder: Path, files: Mapping[str, str], text: str, tier: str | None = None) -> Occurrences:
    site = write_site(folder, files)
    page = find_subject(site, "/")
    assert isinstance(page, Page)
    return find_text(site, page, text, str(folder), tier=tier, progress=lambda done, total: None)


def lines(found: Occurrences) -> list[tuple[str, list[str]]]:
    """The path of each occurrence, and the lines that printed it, each with those around it."""
    return [
        (
            occurrence.path,
            [" in ".join(map(_place, [line.place, *line.within])) for line in occurrence.lines],
        )
        for occurrence in found.occurrences
    ]


def _place(place: Source) -> str:
    return f"{place.file}:{place.line}"


LAYOUT = {
    "pages/index.html": '{% extends "base.html" %}\n{% block b %}\n<i>Here</i>\n'
    '\n{% include "part.html" %}{% endblock %}',
    "templates/base.html": "<p>\nTop</p>{% block b %}{% endblock %}",
    "templates/part.html": "{% if data.shop.none %}\nNever\n{% else %}\n<b>Part</b>\n{% endif %}",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Top", ["templates/base.html:2"]),
        ("Here", ["pages/index.html:3 in templates/base.html:2"]),
        ("<b>Part</b>", ["templates/part.html:4 in pages/index.html:5 in templates/base.html:2"]),
        ("Top</p> <i>", ["templates/base.html:2", "pages/index.html:3 in templates/base.html:2"]),
    ],
)
def test_text_has_its_own_line_and_those_that_lead_to_it(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert lines(find(tmp_path, LAYOUT, text)) == [("/", expected)]


def test_what_is_written_and_not_printed_has_its_lines(tmp_path: Path) -> None:
    found = find(tmp_path, LAYOUT, "Never")
    assert (lines(found), found.written) == ([], (Source("templates/part.html", 2),))


def test_a_macros_text_is_printed_by_the_call_and_written_in_the_macro(tmp_path: Path) -> None:
    files = {
        "pages/index.html": '{% import "m.html" as m %}\n<p>{{ m.hi() }}</p>',
        "templates/m.html": "{% macro hi() %}\n<b>Hello</b>{% endmacro %}",
    }
    found = find(tmp_path, files, "Hello")
    assert (lines(found), found.written) == ([("/", ["pages/index.html:2"])], (Source("templates/m.html", 2),))


@pytest.mark.parametrize("text", ["Pots & Pans", "Pots &amp; Pans", "Pots  &\nPans"])
def test_a_text_is_found_as_it_is_shown_and_as_it_stands_in_html(tmp_path: Path, text: str) -> None:
    assert lines(find(tmp_path, {"pages/index.html": "\n{{ data.shop.name }}"}, text)) == [
        ("/", ["pages/index.html:2"])
    ]


def test_a_placeholder_has_the_line_that_put_it_there_and_the_one_that_printed_it(tmp_path: Path) -> None:
    files = {
        "pages/index.html": '{% import "m.html" as m %}\n<p>{{ m.hi(user.name) }}</p>',
        "templates/m.html": "{% macro hi(who) %}\n\n{{ who }}{% endmacro %}",
    }
    assert lines(find(tmp_path, files, "{USER_NAME}")) == [("/", ["templates/m.html:3 in pages/index.html:2"])]


def test_occurrences_are_counted_for_the_tiers_that_have_them(tmp_path: Path) -> None:
    page = "{% for n in range(3) %}<b>x</b>{% endfor %}\n{% if tier == 'vip' %}<i>x</i>{% endif %}"
    found = find(tmp_path, {"pages/index.html": page}, "x")
    assert [
        (occurrence.times, occurrence.tiers, occurrence.lines[0].place.line) for occurrence in found.occurrences
    ] == [
        (3, ("free", "vip"), 1),
        (1, ("vip",), 2),
    ]


def test_one_tier_is_looked_at_alone(tmp_path: Path) -> None:
    page = "{% if tier == 'vip' %}x{% endif %}"
    assert find(tmp_path, {"pages/index.html": page}, "x", "free").occurrences == ()
    assert find(tmp_path, {"pages/index.html": page}, "x", "vip").occurrences[0].tiers == ("vip",)


def test_every_variant_is_looked_at(tmp_path: Path) -> None:
    page = "{% if user.known %}a{% else %}b{% endif %}"
    assert [lines(find(tmp_path, {"pages/index.html": page}, text)) for text in "ab"] == [
        [("/", ["pages/index.html:1"])]
    ] * 2


def test_islands_and_items_are_looked_at_and_items_share_a_path(tmp_path: Path) -> None:
    files = {**ISLANDS, "pages/index.html": "<div>{% island 'recs' %}</div>"}
    found = find(tmp_path, files, "<p>")
    assert [(occurrence.path, occurrence.pages, occurrence.times) for occurrence in found.occurrences] == [
        ("island/recs", 1, 1),
        ("island/card/{key}", 3, 1),
        ("island/none", 1, 1),
    ]

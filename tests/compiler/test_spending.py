"""Islands and list slots count in what a page could cost, at their worst."""

from pathlib import Path

import pytest

from tests.compiler.sites import CONFIG, compile_files

SLOTS = """
[slots.NOTE]
from = "user.note"
default = ""
max_length = 16384

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
FILES = {
    "edgekit.toml": CONFIG + SLOTS,
    "pages/index.html": "<div>{% island 'recs' %}</div>",
    "pages/plain.html": "plain",
    "islands/recs.html": "<p>{{ user.name }}</p>",
    "islands/card.html": "<p>{{ item.title }}</p>",
    "islands/none.html": "<p>none</p>",
}


def notes(count: int) -> str:
    return "<p>" + "{{ user.note }}" * count + "</p>"


def findings(folder: Path, files: dict[str, str]) -> list[tuple[tuple[str, ...], str]]:
    """The pages and the end of the message of each finding, which all are EK503."""
    found_all = compile_files(folder, {**FILES, **files}).findings
    assert {found.code for found in found_all} <= {"EK503"}
    return [(found.pages, found.message.partition("; ")[2].partition(",")[0]) for found in found_all]


def test_cheap_islands_and_items_are_within_the_budget(tmp_path: Path) -> None:
    assert findings(tmp_path, {"islands/recs.html": "{{ user.recs }}"}) == []


def test_an_islands_fuel_is_its_pages(tmp_path: Path) -> None:
    assert findings(tmp_path, {"islands/recs.html": notes(400)}) == [(("/",), "island `recs`")]


def test_an_island_that_a_page_fetches_has_a_budget_of_its_own(tmp_path: Path) -> None:
    page = "<div>{% island 'recs' client %}wait{% endisland %}</div>"
    assert findings(tmp_path, {"pages/index.html": page, "islands/recs.html": notes(300)}) == []
    found = findings(tmp_path, {"pages/index.html": page, "islands/recs.html": notes(900)})
    assert found == [(("island/recs",), "slot `NOTE`")]


@pytest.mark.parametrize("holder", ["pages/index.html", "islands/recs.html"])
def test_a_list_slot_costs_as_many_of_its_dearest_item_as_it_shows(tmp_path: Path, holder: str) -> None:
    files = {holder: "<div>{{ user.recs }}</div>"}
    dear = "{% if item.sku == 'p-2' %}" + notes(100) + "{% endif %}"
    by = "list slot `RECS`" if holder.startswith("pages") else "island `recs`"
    assert findings(tmp_path, {**files, "islands/card.html": dear}) == [(("/",), by)]
    fewer = FILES["edgekit.toml"].replace("max_items = 4", "max_items = 1")
    assert findings(tmp_path, {**files, "islands/card.html": dear, "edgekit.toml": fewer}) == []


def test_a_default_island_that_is_dearer_than_the_items_counts(tmp_path: Path) -> None:
    files = {"pages/index.html": "<div>{{ user.recs }}</div>", "islands/none.html": notes(500)}
    assert findings(tmp_path, files) == [(("/",), "list slot `RECS`")]


def test_an_island_of_one_tier_counts_for_its_page_in_that_tier(tmp_path: Path) -> None:
    dear = "{% if tier == 'vip' %}" + notes(600) + "{% endif %}"
    assert findings(tmp_path, {"islands/recs.html": dear}) == [(("/",), "island `recs`")]


def test_alternatives_that_no_answer_has_together_are_not_added_up(tmp_path: Path) -> None:
    page = "<div>{% if user.known %}{% island 'recs' %}{% else %}" + notes(250) + "{% endif %}</div>"
    assert findings(tmp_path, {"pages/index.html": page, "islands/recs.html": notes(150)}) == []


def test_a_user_is_read_for_a_page_with_an_island(tmp_path: Path) -> None:
    config = FILES["edgekit.toml"] + "\n[budget]\ncpu_ms = 3\n"
    assert findings(tmp_path, {"edgekit.toml": config}) == [(("/",), "a request that prints nothing: 7 ms")]

"""What is found out of a page: class and cause, where slots stand, what tiers share, what an answer takes."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from edgekit.compiler.explain.explain import explain_page
from edgekit.compiler.explain.explanation import (
    Cause,
    Difference,
    Explanation,
    HeldIsland,
    HeldList,
    LookUp,
    Side,
    Size,
    Source,
)
from edgekit.compiler.explain.subject import find_subject
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.fragment.fuel import NANOSECONDS
from edgekit.model.path import Redirect
from edgekit.model.redirect import Met
from edgekit.project.site import Page
from tests.compiler.sites import CONFIG, write_site

LISTS = """
[slots.RECS]
from = "user.recs"
island = "card"
max_items = 2
default = "none"

[islands.card]
each = "data.shop.items"
as = "item"
key = "sku"
"""
ISLANDS: Mapping[str, str] = {
    "edgekit.toml": CONFIG + LISTS,
    "islands/card.html": "<p>{{ item.title }} {{ segment.hero }}</p>",
    "islands/none.html": "<p>none</p>",
    "islands/recs.html": "<p>{{ tier }}</p>\n<div>{{ user.recs }}</div>",
    "islands/plain.html": "<p>plain</p>",
    "pages/index.html": "",
}


def explain(folder: Path, files: Mapping[str, str], path: str = "/", tier: str | None = None) -> Explanation:
    site = write_site(folder, files)
    page = find_subject(site, path)
    assert isinstance(page, Page)
    return explain_page(site, page, str(folder), tier=tier, progress=lambda done, total: None)


def because(explained: Explanation) -> list[tuple[str, str | None, str | None]]:
    """Name, place and island of each cause."""
    return [(c.name, c.place and f"{c.place.file}:{c.place.line}", c.island) for c in explained.because]


@pytest.mark.parametrize(
    ("page", "delivery", "causes"),
    [
        ("text {{ data.shop.name }}", "static", []),
        ("\n{{ tier }}", "segment", [("tier", "pages/index.html:2", None)]),
        ("{{ segment.hero }}", "segment", [("segment.hero", "pages/index.html:1", None)]),
        ("{{ tier }}\n{% set unused = user.name %}", "user", [("user.name", "pages/index.html:2", None)]),
        ("{{ request.query.q }}", "user", [("request.query.q", "pages/index.html:1", None)]),
        ("<div>{% island 'plain' %}</div>", "static", []),
        ("<div>{% island 'recs' client %}{% endisland %}</div>", "static", []),
        ("{{ tier }}<div>{% island 'recs' %}</div>", "user", [("user.recs", "islands/recs.html:2", "recs")]),
        (
            "<div>{{ user.name }}{% island 'recs' %}</div>",
            "user",
            [("user.name", "pages/index.html:1", None), ("user.recs", "islands/recs.html:2", "recs")],
        ),
    ],
)
def test_the_reads_that_have_the_class_made_it(
    tmp_path: Path, page: str, delivery: str, causes: list[tuple[str, str, str | None]]
) -> None:
    explained = explain(tmp_path, {**ISLANDS, "pages/index.html": page})
    assert (explained.delivery, because(explained)) == (delivery, causes)


def test_the_class_is_that_of_all_tiers_also_when_one_is_explained(tmp_path: Path) -> None:
    page = "{% if tier == 'vip' %}{{ user.name }}{% endif %}"
    explained = explain(tmp_path, {"pages/index.html": page}, tier="free")
    assert (explained.delivery, because(explained)) == ("user", [("user.name", "pages/index.html:1", None)])
    assert [read.name for read in explained.reads if read.kind == "slot"] == []
    assert [body.tiers for body in explained.fragments] == [("free",)]
    assert explained.difference is None


def test_a_cause_quotes_the_tag_that_reads(tmp_path: Path) -> None:
    page = "{{ data.shop.name }} {{ user.name|default('x') }} {{ user.name }}"
    (cause,) = explain(tmp_path, {"pages/index.html": page}).because
    assert cause == Cause("user.name", Source("pages/index.html", 1, "{{ user.name|default('x') }}"))


def test_slots_stand_in_text_attributes_and_scripts(tmp_path: Path) -> None:
    page = (
        '<!doctype html><title>{{ user.name }}</title><p title="{{ user.name }}">{{ user.name }}</p>\n'
        '<a href="/u/{{ user.name|path_part }}?c={{ user.city|urlencode }}">x</a>\n'
        "<script>const n = {{ user.points|tojson }};</script>\n<p>{{ user.name }}</p>"
    )
    explained = explain(tmp_path, {"pages/index.html": page})
    assert [
        (use.slot, use.encoding, use.element, use.attribute, use.place and use.place.line) for use in explained.slots
    ] == [
        ("USER_NAME", "", "title", None, 1),
        ("USER_NAME", "", "p", "title", 1),
        ("USER_NAME", "", "p", None, 1),
        ("USER_NAME", "path", "a", "href", 2),
        ("CITY", "url", "a", "href", 2),
        ("POINTS", "json", "script", None, 3),
        ("USER_NAME", "", "p", None, 4),
    ]


def test_a_slot_given_to_a_macro_stands_at_the_macros_line_and_is_read_at_the_call(tmp_path: Path) -> None:
    files = {
        "pages/index.html": '{% import "m.html" as m %}\n{{ m.hi(user.name) }}',
        "templates/m.html": "{% macro hi(who) %}\n{{ who }}{% endmacro %}",
    }
    explained = explain(tmp_path, files)
    assert [use.place for use in explained.slots] == [Source("templates/m.html", 2, "{{ who }}")]
    assert explained.reads[0].places == (Source("pages/index.html", 2, "{{ m.hi(user.name) }}"),)


def test_choices_multiply_variants(tmp_path: Path) -> None:
    page = "{{ user.state }}{% if user.known %}{{ user.name }}{% endif %}"
    explained = explain(tmp_path, {"pages/index.html": page})
    assert explained.variants == 6
    assert [(choice.source, len(choice.values)) for choice in explained.choices] == [
        ("user.state", 3),
        ("user.known", 2),
    ]
    assert [(body.tiers, body.alternatives) for body in explained.fragments] == [(("free", "vip"), 5)]


def test_tiers_differ_first_at_the_line_that_made_it(tmp_path: Path) -> None:
    files = {"pages/index.html": '<p>\nText {% include "part.html" %}', "templates/part.html": "\n<b>{{ tier }}</b>\n"}
    difference = explain(tmp_path, files).difference
    place = Source("templates/part.html", 2)
    assert difference == Difference(13, (Side(("free",), place, "<b>free</b>"), Side(("vip",), place, "<b>vip</b>")))


def test_a_fragment_that_begins_as_another_differs_where_it_ends(tmp_path: Path) -> None:
    page = "<p>ü</p>{% if tier == 'vip' %}<b>more</b>{% endif %}"
    difference = explain(tmp_path, {"pages/index.html": page}).difference
    assert difference is not None
    assert (difference.at, [side.text for side in difference.sides]) == (9, ["<p>ü</p>", "<p>ü</p><b>more</b>"])


def test_tiers_with_the_same_bytes_share_a_fragment(tmp_path: Path) -> None:
    explained = explain(tmp_path, {"pages/index.html": "{% if tier %}text{% endif %}"})
    assert explained.difference is None
    assert [(body.tiers, body.keys) for body in explained.fragments] == [(("free", "vip"), ("/:free", "/:vip"))]


def test_islands_and_lists_are_explained_with_their_page(tmp_path: Path) -> None:
    page = "<div>{% island 'recs' %}</div>\n<div>{% island 'plain' client %}{% endisland %}</div>"
    explained = explain(tmp_path, {**ISLANDS, "pages/index.html": page})
    cause = Cause("user.recs", Source("islands/recs.html", 2, "{{ user.recs }}"), "recs")
    size = Size(len("<p>vip</p>\n<div>{RECS}</div>"), len("<p>free</p>\n<div>{RECS}</div>"))
    assert explained.islands == (
        HeldIsland("recs", "edge", "user", (cause,), (Source("pages/index.html", 1),), size),
        HeldIsland("plain", "client", "static", (), (Source("pages/index.html", 2),), Size(12, 12)),
    )
    items = Size(len("<p>Ünï {HERO}</p>".encode()), len("<p>A &#34;big&#34; pot {HERO}</p>"))
    assert explained.lists == (HeldList("RECS", "user.recs", "island/recs", "card", 3, 2, "none", items),)


@pytest.mark.parametrize(
    ("path", "holders"),
    [
        ("island/recs", ("/", "/later")),
        ("island/card/p-1", ("/", "/later", "/list")),
        ("island/none", ("/", "/later", "/list")),
        ("island/plain", ("/",)),
        ("island/lone", ()),
        ("/", ()),
    ],
)
def test_an_island_is_held_by_the_pages_that_place_fetch_or_list_it(
    tmp_path: Path, path: str, holders: tuple[str, ...]
) -> None:
    files = {
        **ISLANDS,
        "islands/lone.html": "<p>lone</p>",
        "pages/index.html": "<div>{% island 'recs' %}{% if tier == 'vip' %}{% island 'plain' %}{% endif %}</div>",
        "pages/later.html": "<div>{% island 'recs' client %}{% endisland %}</div>",
        "pages/list.html": "<div>{{ user.recs }}</div>",
        "pages/other.html": "<p>other</p>",
        "pages/wrong.html": "{% island 'recs' %}{{ user.name|upper }}",
    }
    assert explain(tmp_path, files, path).held_by == holders


def test_look_ups_count_islands_items_and_live_fields(tmp_path: Path) -> None:
    page = "<div>{% island 'recs' %}{% island 'plain' %}{% island 'plain' %}</div>"
    assert explain(tmp_path, {**ISLANDS, "pages/index.html": page}).lookups == (
        LookUp("USER_SEGMENTS", "{id}", 1),
        LookUp("STATIC_PAGES", "/", 1),
        LookUp("SEGMENT_CONFIG", "{tier}", 1),
        LookUp("PAGE_TPL", "island/plain:{tier}", 1),
        LookUp("PAGE_TPL", "island/recs:{tier}", 1),
        LookUp("PAGE_TPL", "island/card/{key}:{tier}", 8),
        LookUp("PAGE_TPL", "island/none:{tier}", 1),
    )


@pytest.mark.parametrize(
    ("page", "namespaces"),
    [
        ("text", ["STATIC_PAGES"]),
        ("{{ tier }}", ["USER_SEGMENTS", "PAGE_TPL"]),
        ("{{ segment.hero }}", ["USER_SEGMENTS", "PAGE_TPL", "SEGMENT_CONFIG"]),
        ("{% set unused = segment.hero %}", ["USER_SEGMENTS", "PAGE_TPL"]),
        ("<div>{% island 'plain' %}</div>", ["STATIC_PAGES", "PAGE_TPL"]),
        ("<div>{% island 'recs' client %}{% endisland %}</div>", ["STATIC_PAGES"]),
    ],
)
def test_a_page_looks_up_what_it_needs(tmp_path: Path, page: str, namespaces: list[str]) -> None:
    explained = explain(tmp_path, {**ISLANDS, "pages/index.html": page})
    assert [lookup.namespace for lookup in explained.lookups] == namespaces


def test_fuel_is_that_of_the_budget(tmp_path: Path) -> None:
    """A page is refused if `cpu_ms` is less."""
    note = '\n[slots.NOTE]\nfrom = "user.note"\ndefault = ""\nmax_length = 16384\n'
    page = '<a href="/?' + "{{ user.note|urlencode }}" * 9 + '">x</a>'

    def explain_with(cpu_ms: int) -> Explanation:
        return explain(
            tmp_path, {"edgekit.toml": f"{CONFIG}{note}[budget]\ncpu_ms = {cpu_ms}\n", "pages/index.html": page}
        )

    enough = -(-max(tier.fuel for tier in explain_with(50).fuel) // NANOSECONDS)
    assert explain_with(enough).cpu_ms == enough
    with pytest.raises(EdgekitError, match="EK503"):
        explain_with(enough - 1)


def test_the_dearest_part_stands_first(tmp_path: Path) -> None:
    files = {**ISLANDS, "pages/index.html": "<div>{{ user.name }}{% island 'recs' %}</div>"}
    for tier in explain(tmp_path, files).fuel:
        assert [part.fuel for part in tier.parts] == sorted((part.fuel for part in tier.parts), reverse=True)
        assert all(0 < part.fuel <= tier.fuel for part in tier.parts)


def test_an_item_has_no_answer_of_its_own(tmp_path: Path) -> None:
    explained = explain(tmp_path, ISLANDS, "island/card/p-2")
    assert (explained.kind, explained.delivery, explained.lookups, explained.fuel) == ("item", "segment", (), ())


@pytest.mark.parametrize("path", ["island/recs", "/_edgekit/island/recs", "/_edgekit/island/recs?x=1"])
def test_an_island_is_explained_as_it_is_fetched(tmp_path: Path, path: str) -> None:
    explained = explain(tmp_path, ISLANDS, path)
    assert (explained.kind, explained.path, explained.delivery) == ("island", "island/recs", "user")
    assert [lookup.most for lookup in explained.lookups] == [1, 1, 1, 8, 1]


def test_an_assertion_is_told(tmp_path: Path) -> None:
    config = f'{CONFIG}\n[pages."index.html"]\ndelivery = "segment"\n'
    assert explain(tmp_path, {"edgekit.toml": config, "pages/index.html": "{{ tier }}"}).asserted == "segment"


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        ({"pages/index.html": "{{ user.name|upper }}\n{{ user.nmae }}"}, ["EK202"]),
        (
            {"pages/index.html": "<div>{% island 'recs' %}</div>", "islands/card.html": "<li>{{ item.title }}"},
            ["EK312"],
        ),
        ({"pages/index.html": "<div>{% island 'recs' %}</div>", "islands/recs.html": "{{ page.path }}"}, ["EK211"]),
        (
            {
                "edgekit.toml": f'{CONFIG}{LISTS}\n[pages."index.html"]\ndelivery = "segment"\n',
                "pages/index.html": "<div>{% island 'recs' %}</div>",
            },
            ["EK601"],
        ),
    ],
)
def test_findings_of_a_page_and_of_what_it_holds_stop_it(
    tmp_path: Path, files: Mapping[str, str], codes: list[str]
) -> None:
    with pytest.raises(EdgekitError) as raised:
        explain(tmp_path, {**ISLANDS, **files})
    assert raised.value.status == 1
    assert sorted({diagnostic.code for diagnostic in raised.value.diagnostics}) == codes


def test_what_another_page_does_wrong_is_none_of_this_pages(tmp_path: Path) -> None:
    files = {"pages/index.html": "text", "pages/bad.html": "{{ user.name|upper }}"}
    assert explain(tmp_path, files).delivery == "static"


ROUTES = '[pages."p/[sku].html"]\neach = "data.shop.items"\n[redirects]\n"/old/[x]" = "/p/[x]"\n'
ROUTED = {**ISLANDS, "edgekit.toml": f"{CONFIG}{LISTS}{ROUTES}", "pages/p/[sku].html": "", "pages/404.html": ""}


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("/", "/"),
        ("/?q=1", "/"),
        ("/p/p-1", "/p/p-1"),
        ("404", "404"),
        ("island/recs", "island/recs"),
        ("island/card/p-3", "island/card/p-3"),
    ],
)
def test_a_path_names_a_page_an_island_or_an_item(tmp_path: Path, written: str, path: str) -> None:
    found = find_subject(write_site(tmp_path, ROUTED), written)
    assert isinstance(found, Page)
    assert found.path == path


@pytest.mark.parametrize(("written", "location"), [("/p/%70-1", "/p/p-1"), ("/index.html", "/"), ("/p/p-1/", "/p/p-1")])
def test_another_spelling_leads_to_the_one(tmp_path: Path, written: str, location: str) -> None:
    assert find_subject(write_site(tmp_path, ROUTED), written) == Redirect(location)


def test_a_redirect_is_found_with_the_parts_it_keeps(tmp_path: Path) -> None:
    met = find_subject(write_site(tmp_path, ROUTED), "/old/a?q")
    assert isinstance(met, Met)
    assert (met.rule.source, met.parts) == ("/old/[x]", {"x": "a"})


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("/nowhere", "there is no page `/nowhere`"),
        ("/p/p-7", "there is no page `/p/p-7`; did you mean `/p/p-3`?"),
        ("//../x", "`//../x` is no path that a page can have"),
        ("503", "the site has no `503.html`"),
        ("island/resc", "there is no island `resc`; did you mean `recs`?"),
        ("island/recs/x", "island `recs` has no items"),
        ("island/card", "island `card` has items, such as `island/card/p-1`"),
        ("island/card/p-9", "island `card` has no item `p-9`; did you mean `p-3`?"),
    ],
)
def test_a_path_that_names_nothing_is_a_finding(tmp_path: Path, written: str, message: str) -> None:
    with pytest.raises(EdgekitError) as raised:
        find_subject(write_site(tmp_path, ROUTED), written)
    (diagnostic,) = raised.value.diagnostics
    assert (raised.value.status, diagnostic.code, diagnostic.message) == (1, "EK483", message)

"""Islands and list slots: the law holds for pages that are put together, and how each is answered."""

import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.compiler.build import compile_site
from edgekit.compiler.oracle import Oracle
from edgekit.fragment.values import Value, accept
from edgekit.model.keys import Namespace
from edgekit.model.manifest import Delivery, Island, Manifest, Route
from edgekit.project.site import Site
from tests.compiler.sites import (
    CONFIG,
    Compiled,
    compile_files,
    count_variants,
    findings_of,
    values_of,
    write_site,
)
from tests.scale import scaled

ITEMS = [f"p-{number}" for number in range(120)]
LISTS = """
[islands.card]
each = "data.products"
as = "item"
key = "sku"

[slots.RECS]
from = "user.recs"
island = "card"
max_items = 4
default = "none"

[slots.ALL]
from = "user.all"
island = "card"
max_items = 100
default = "none"
"""


def write_products(count: int) -> str:
    return json.dumps([{"sku": sku, "title": f"<{sku}> & {{USER_NAME}}"} for sku in ITEMS[:count]])


FILES = {
    "edgekit.toml": CONFIG + LISTS,
    "data/products.json": write_products(len(ITEMS)),
    "islands/none.html": "<p>Nothing for {{ user.name }} {USER_NAME}</p>",
    "islands/card.html": "<article>{{ item.title }}{{ user.name }}{% if user.known %}!{% endif %}</article>",
}
LENGTHS = [0, 1, 4, 5, 100]

# --- the law ---

inner = st.sampled_from(
    [
        "Hi ", "{USER_NAME}", "{", "_}", "\n", "<b>&amp;</b>", "{{ tier }}", "{{ user.name }}", "{{ segment.hero }}",
        "{{ user.points }}", "{{ data.shop.name }}", '<i title="{{ request.query.q }}">x</i>',
        "{% if user.known %}{{ user.city }}{% else %}Log in{% endif %}",
    ]
)  # fmt: skip
contents = st.lists(inner, max_size=4).map("".join)
blocks = st.one_of(
    contents.map(lambda text: f"<p>{text}</p>"),
    st.sampled_from(["{{ user.recs }}", "{{ user.all }}", "<div>{{ user.recs }}{{ user.recs }}</div>"]),
)
islands = st.lists(blocks, max_size=3).map("".join) | contents
marks = st.one_of(
    st.sampled_from(["one", "two"]).map(lambda name: f'{{% island "{name}" %}}'),
    st.tuples(st.sampled_from(["one", "two"]), contents).map(
        lambda t: f'{{% island "{t[0]}" client %}}{t[1]}{{% endisland %}}'
    ),
)
parts = st.recursive(
    st.one_of(marks, blocks),
    lambda part: st.one_of(
        st.lists(part, max_size=3).map("".join),
        part.map(lambda body: f"<section>{body}</section>"),
        part.map(lambda body: f"{{% set x %}}{body}{{% endset %}}{{{{ x }}}}{{{{ x }}}}"),
        part.map(lambda body: f"{{% call box() %}}{body}{{% endcall %}}"),
        part.map(lambda body: f"{{% for n in [1, 2] %}}{body}{{% endfor %}}"),
        st.tuples(part, part).map(lambda t: f"{{% if user.state == 'guest' %}}{t[0]}{{% else %}}{t[1]}{{% endif %}}"),
        st.tuples(part, part).map(lambda t: f"{{% if tier == 'vip' %}}{t[0]}{{% else %}}{t[1]}{{% endif %}}"),
    ),
    max_leaves=5,
)
PROLOGUE = "<!doctype html><title>t</title><body>{% macro box() %}<div>{{ caller() }}</div>{% endmacro %}"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=9) | st.sampled_from(
    ["{USER_NAME}", "<!--INJECT:one-->"]
)
keys = st.sampled_from([*ITEMS[:9], "unknown", "a/b", "..", ""]) | st.just(7) | st.none()
lists = st.sampled_from([ITEMS[:length] for length in LENGTHS]) | st.lists(keys, max_size=25) | st.just("p-1")

outcomes: Counter[str] = Counter()


def show(site: Site, source: str, raw: object) -> tuple[str, ...]:
    """The keys that replay shows for a field of a user's record."""
    slot = next(slot for slot in site.slots.values() if slot.source == source)
    found = accept(slot, raw)
    items = site.islands[slot.island].items
    return tuple(key for key in found if key in items)[: slot.max_items] if isinstance(found, tuple) else ()


@settings(max_examples=scaled(40))
@given(mark=marks, page=parts, one=islands, two=islands, text=texts, recs=lists, every=lists)
def replay_equals_the_full_render(
    mark: str, page: str, one: str, two: str, text: str, recs: object, every: object
) -> None:
    files = {**FILES, "pages/index.html": PROLOGUE + mark + page, "islands/one.html": one, "islands/two.html": two}
    files["data/products.json"] = write_products(9)
    with TemporaryDirectory() as folder:
        compiled = compile_files(Path(folder), files)
        outcomes["refused" if compiled.result.pack is None else "accepted"] += 1
        if compiled.result.pack is None:
            assert all(found.file and found.line and found.help for found in compiled.result.diagnostics)
            return
        oracle = Oracle(compiled.site)
        home = compiled.site.pages[0]
        outcomes["with islands"] += any(b"<!--INJECT:" in compiled.fragments[key].body for key in compiled.fragments)
        for number in range(count_variants(compiled.site)):
            values = values_of(compiled.site, text, number)
            values["user.recs"] = show(compiled.site, "user.recs", recs)
            values["user.all"] = show(compiled.site, "user.all", every)
            for tier in compiled.site.tiers:
                assert compiled.replay(home, tier, values) == oracle.render(home, tier, values)


def test_replay_equals_the_full_render_and_not_by_refusing_everything() -> None:
    replay_equals_the_full_render()
    total = outcomes["accepted"] + outcomes["refused"]
    assert outcomes["accepted"] >= 0.3 * total, outcomes
    assert outcomes["with islands"] >= 0.2 * total, outcomes


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    files = {
        **FILES,
        "pages/index.html": PROLOGUE + '<main>{{ user.recs }}<hr>{{ user.all }}</main>{% island "one" %}',
        "islands/one.html": "<p>{{ user.name }}</p>{{ user.all }}",
    }
    return compile_files(tmp_path_factory.mktemp("shop"), files)


@pytest.mark.parametrize("raw", [ITEMS[:length] for length in LENGTHS], ids=LENGTHS)
def test_lists_of_many_lengths_obey_the_law(shop: Compiled, raw: list[str]) -> None:
    (home,) = shop.site.pages
    values: dict[str, Value] = {**values_of(shop.site, "Ada", 0)}
    values["user.recs"] = values["user.all"] = ()
    values["user.recs"], values["user.all"] = show(shop.site, "user.recs", raw), show(shop.site, "user.all", raw)
    page = shop.replay(home, "vip", values)
    assert page == Oracle(shop.site).render(home, "vip", values)
    assert page.count(b"<article>") == min(len(raw), 4) + 2 * min(len(raw), 100)
    assert page.count(b"Nothing for") == (0 if raw else 3)


def test_unknown_items_are_skipped_before_the_list_is_cut(shop: Compiled) -> None:
    raw = ["gone", 7, None, "p-1", "a/b", "p-2", ["p-3"], "p-4", "p-5", "p-6"]
    assert show(shop.site, "user.recs", raw) == ("p-1", "p-2", "p-4", "p-5")


# --- how they are answered ---


def manifest_of(compiled: Compiled) -> Manifest:
    assert compiled.result.pack is not None, compiled.result.diagnostics
    return compiled.result.pack.manifest


EDGE = '{% island "one" %}'
CLIENT = '{% island "one" client %}{% endisland %}'
NAME = "{{ user.name }}"


@pytest.mark.parametrize(
    ("page", "island", "namespace", "delivery", "own"),
    [
        (EDGE, "x", "STATIC_PAGES", "static", "static"),
        (EDGE, "{{ tier }}", "STATIC_PAGES", "segment", "segment"),
        (EDGE, NAME, "STATIC_PAGES", "user", "user"),
        (EDGE, "{{ user.recs }}", "STATIC_PAGES", "user", "user"),
        (EDGE, "{% set x = user.name %}", "STATIC_PAGES", "user", "user"),
        ("{{ tier }}" + EDGE, "x", "PAGE_TPL", "segment", "static"),
        (NAME + EDGE, "{{ tier }}", "PAGE_TPL", "user", "segment"),
        ("{{ user.recs }}", "x", "PAGE_TPL", "user", "static"),
        (CLIENT, NAME, "STATIC_PAGES", "static", "user"),
        (CLIENT, "x", "STATIC_PAGES", "static", "static"),
        (EDGE + CLIENT, NAME, "STATIC_PAGES", "user", "user"),
        ('{% if tier == "vip" %}' + EDGE + "{% endif %}", NAME, "PAGE_TPL", "user", "user"),
        ("{% if false %}" + EDGE + "{% endif %}", NAME, "STATIC_PAGES", "static", "user"),
    ],
)
def test_class_of_a_page_counts_what_its_edge_islands_read(
    page: str, island: str, namespace: Namespace, delivery: Delivery, own: Delivery, tmp_path: Path
) -> None:
    files = {**FILES, "pages/index.html": PROLOGUE + page, "islands/one.html": island}
    manifest = manifest_of(compile_files(tmp_path, files))
    assert manifest.routes["/"] == Route(delivery, namespace)
    assert manifest.islands["one"] == Island(own, "client" in page)
    assert set(manifest.islands) == {"none", "one"}


def test_island_that_no_page_holds_is_compiled(tmp_path: Path) -> None:
    files = {**FILES, "pages/index.html": "<p>x</p>", "islands/one.html": "<p>{{ user.nmae }}</p>"}
    assert compile_files(tmp_path, files).codes == ["EK208"]


def test_client_island_is_one_wherever_a_page_fetches_it(tmp_path: Path) -> None:
    """The pages that place it and the one that fetches it are compiled by different processes."""
    pages = {f"pages/{number}.html": f'{PROLOGUE}{{% island "one" %}}' for number in range(70)}
    pages["pages/index.html"] = PROLOGUE + '{% island "one" client %}{% endisland %}'
    files = {**FILES, **pages, "islands/one.html": "{{ request.query.q }}"}
    result = compile_site(write_site(tmp_path, files), lambda fragment: None, jobs=2)
    assert [(found.code, found.pages) for found in result.diagnostics] == [("EK607", ("island/one",))]


def test_several_processes_make_the_same_release(tmp_path: Path) -> None:
    pages = {f"pages/{number}.html": f'{PROLOGUE}{{% island "one" %}}' for number in range(40)}
    files = {**FILES, **pages, "pages/index.html": PROLOGUE, "islands/one.html": "{{ user.recs }}{{ tier }}"}
    alone, together = (compile_files(tmp_path / str(jobs), files, jobs=jobs).result.pack for jobs in (1, 2))
    assert alone is not None
    assert alone == together
    assert {route.delivery for path, route in alone.manifest.routes.items() if path != "/"} == {"user"}


def test_whole_site_of_islands_passes_its_proof(tmp_path: Path) -> None:
    files = {
        **FILES,
        "pages/index.html": PROLOGUE + '{{ user.recs }}{% if user.known %}{% island "one" %}{% endif %}{{ user.all }}',
        "islands/one.html": "<p>{{ user.name }}</p>{{ user.recs }}",
    }
    assert findings_of(compile_site(write_site(tmp_path, files), lambda fragment: None, prove=True)) == []


def test_island_larger_than_the_budget_is_refused(tmp_path: Path) -> None:
    config = CONFIG + "[budget]\npage_kib = 1\n"
    files = {"edgekit.toml": config, "pages/index.html": PROLOGUE, "islands/one.html": "x" * 1025}
    (found,) = compile_files(tmp_path, files).result.diagnostics
    assert (found.code, found.pages) == ("EK501", ("island/one",))

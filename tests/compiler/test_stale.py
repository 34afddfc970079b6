"""Only the pages that can have changed are rendered anew."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from edgekit.compiler.build import compile_site
from edgekit.compiler.digests import Digests
from edgekit.compiler.names import name_data
from edgekit.compiler.reasons import describe_stale
from edgekit.compiler.record import NO_BUILD, Previous
from edgekit.compiler.stale import find_stale
from edgekit.project.load import load_site
from edgekit.project.site import Site
from tests.compiler.sites import BUILD_TIME, CONFIG, write_site

PRODUCTS = [{"sku": f"p-{number}", "title": f"Pot {number}"} for number in range(1, 4)]
CHANGED = [PRODUCTS[0], {"sku": "p-2", "title": "Pan"}, PRODUCTS[2]]

FILES: Mapping[str, str] = {
    "edgekit.toml": CONFIG
    + '[pages."product/[sku].html"]\neach = "data.products"\nas = "product"\n'
    + '[jinja]\nfilters = { money = "prices:money" }\n',
    "../prices.py": "def money(x):\n    return f'{x} EUR'\n",
    "data/products.json": json.dumps(PRODUCTS),
    "data/shop.json": '{"name": "Pans", "unused": 1, "open": {"days": 5}}',
    "pages/index.html": '{% extends "layout.html" %}{% block main %}{{ data.products|length }}{% endblock %}',
    "pages/about.html": '{% extends "layout.html" %}{% block main %}{{ data.shop.name }}{% endblock %}',
    "pages/plain.html": '<p>plain</p><a href="/old">old</a>',
    "pages/tier.html": "<p>{{ segment.discount }}</p>",
    "pages/live.html": "<p>{{ segment.hero }}</p>",
    "pages/price.html": '{% include "price.html" %}',
    "pages/priced.html": '{% include "price.html" %}',
    "pages/mapped.html": "{{ [3]|map('mon' ~ 'ey')|join }}",
    "templates/price.html": "<p>{{ 3|money }}</p>",
    "pages/clock.html": "<p>{{ build_time.year }}</p>",
    "pages/styled.html": '<link rel="stylesheet" href="{{ asset("shop.css") }}">',
    "pages/maybe.html": '{% include "extra.html" ignore missing %}',
    "pages/product/[sku].html": '{% extends "layout.html" %}{% block main %}{{ product.title }}{% endblock %}',
    "templates/layout.html": "<title>x</title><body>{% block main %}{% endblock %}",
}

PRODUCT_PAGES = ["/product/p-1", "/product/p-2", "/product/p-3"]


LIVE: Final = 'from = "segment.hero"\nmax_length = '


def tier(discount: int) -> str:
    return f'hero = "x"\ndiscount = {discount}\nperks = []\nseason = "winter"\n'


def configure(more: str) -> tuple[str, str]:
    return "edgekit.toml", FILES["edgekit.toml"] + more


EDITS: Final[Sequence[tuple[tuple[str, str], list[str], str]]] = [
    (("data/shop.json", '{"name": "Pans", "unused": 2, "open": {}}'), [], ""),
    (("data/shop.json", '{"name": "Pots"}'), ["/about"], "`data.shop.name` changed"),
    (
        ("templates/layout.html", "{% block main %}{% endblock %}"),
        ["/", "/about", *PRODUCT_PAGES],
        "template `layout.html` changed",
    ),
    (("templates/extra.html", "extra"), ["/maybe"], "template `extra.html` is there now"),
    (("templates/unused.html", "unused"), [], ""),
    (("segments/vip.toml", tier(20)), [], ""),
    (("segments/vip.toml", tier(21)), ["/tier"], "`segment.discount` changed"),
    (("static/shop.css", "b {}"), ["/styled"], "`static/shop.css` changed"),
    (("static/other.css", "b {}"), [], ""),
    (("../prices.py", "money = str\n"), ["/mapped", "/price", "/priced"], "the site's own functions changed"),
    (("pages/old.html", "<p>old</p>"), ["/plain"], "`/old`, which it links to, is there now"),
    (configure("[budget]\ncpu_ms = 60\n"), [], ""),
    (configure('[headers."/about"]\nx-robots-tag = "none"\n'), [], ""),
    (configure('[slots.NEW]\nfrom = "user.new"\ndefault = ""\nmax_length = 3\n'), [], ""),
    (
        ("edgekit.toml", FILES["edgekit.toml"].replace(f"{LIVE}200", f"{LIVE}90")),
        ["/live"],
        "slot `segment.hero` changed",
    ),
]
"""A file's new text; the pages that were there and are rendered, and why."""


def write(root: Path, edits: Mapping[str, str]) -> None:
    for name, text in edits.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def why(site: Site, previous: Previous) -> dict[str, tuple[str, ...]]:
    stale = find_stale(site, Digests(site), previous)
    return {path: describe_stale(entry) for path, entry in stale.items()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Previous]:
    """A site's folder and its build. A test writes to the folder, and puts back what was there."""
    root = tmp_path_factory.mktemp("built") / "site"
    result = compile_site(write_site(root, FILES), lambda fragment: None, jobs=1)
    assert result.pack is not None
    assert result.pack.reads is not None
    return root, Previous(result.pack.index, result.pack.reads)


@pytest.mark.parametrize(
    ("edit", "pages", "reason"),
    EDITS,
)
def test_an_edit_renders_what_reads_it(
    built: tuple[Path, Previous], edit: tuple[str, str], pages: list[str], reason: str
) -> None:
    root, previous = built
    name, text = edit
    file = root / name
    before = file.read_text() if file.exists() else None
    write(root, {name: text})
    try:
        found = why(load_site(root, build_time=BUILD_TIME), previous)
    finally:
        file.unlink() if before is None else file.write_text(before)
    new = [path for path, because in found.items() if because == ("no earlier build tells of it",)]
    assert sorted(found.keys() - set(new)) == sorted(pages)
    assert {because for path, because in found.items() if path not in new} == ({(reason,)} if reason else set())


def test_an_edited_item_renders_its_page_and_what_reads_the_list(built: tuple[Path, Previous]) -> None:
    root, previous = built
    write(root, {"data/products.json": json.dumps(CHANGED)})
    found = why(load_site(root, build_time=BUILD_TIME), previous)
    write(root, {"data/products.json": FILES["data/products.json"]})
    assert found == {"/": ("`data.products` changed",), "/product/p-2": ("its item changed",)}


def test_another_time_renders_what_reads_the_clock(built: tuple[Path, Previous]) -> None:
    root, previous = built
    site = load_site(root, build_time=datetime(2027, 1, 1, tzinfo=UTC))
    assert why(site, previous) == {"/clock": ("`build_time` is another",)}


def test_without_an_earlier_build_all_is_rendered(built: tuple[Path, Previous]) -> None:
    site = load_site(built[0], build_time=BUILD_TIME)
    assert list(why(site, NO_BUILD)) == [page.path for page in site.all_pages()]


@pytest.mark.parametrize(
    ("one", "other", "keys"),
    [
        ('{"a": 1}', '{"a": 1.0}', ["a"]),
        ('{"a": 1}', '{"a": true}', ["a"]),
        ('{"a": 1}', '{"a": "1"}', ["a"]),
        ('{"a": {"x": 1, "y": 2}}', '{"a": {"y": 2, "x": 1}}', ["a"]),
        ('{"a": {"x": 1}}', '{"a": 1}', ["a", "x"]),
        ('{"a": {"x": [1]}}', '{"a": [1]}', ["a", "x"]),
        ('{"a": null}', "{}", ["a"]),
        ('{"a": {}}', "{}", ["a", "b"]),
        ('{"a": {"items": 1, "b": 1}}', '{"a": {"items": 1, "b": 2}}', ["a", "items"]),
        ('{"a": {}}', '{"a": {"get": 1}}', ["a", "get"]),
    ],
)
def test_data_that_a_template_could_tell_apart_have_two_digests(
    tmp_path: Path, one: str, other: str, keys: list[str]
) -> None:
    digests = []
    for text in (one, other):
        site = write_site(tmp_path, {"pages/index.html": "", "data/x.json": text})
        digests.append(Digests(site).of_read(name_data(["x", *keys])))
    assert digests[0] != digests[1]

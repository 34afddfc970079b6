"""Islands, items and list slots of a site: how they are read, and each fault with its code, place and message."""

import json
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.model.slot import Slot
from edgekit.project.frozen import FrozenDict
from edgekit.project.load import load_site
from edgekit.project.site import Island, Page
from tests.project.folder import CONFIG, write_site

CARD = '[islands.card]\neach = "data.products"\nas = "product"\nkey = "sku"\n'
RECS = '[slots.RECS]\nfrom = "user.recs"\nisland = "card"\nmax_items = 4\ndefault = "none"\n'
ISLANDS = {"islands/card.html": "", "islands/none.html": "", "edgekit.toml": CONFIG + CARD + RECS}
KEYS = "names and keys are made of letters, digits, `.`, `_`, `~` and `-`, and are not `.` or `..`"


def test_template_without_a_table_is_a_plain_island_and_one_with_a_table_has_items(tmp_path: Path) -> None:
    site = load_site(write_site(tmp_path, ISLANDS))
    tea, cup = ({"sku": "p-1", "name": "Tea"}, {"sku": "p-2", "name": "Cup"})
    template = "islands/card.html"
    assert site.islands == {
        "card": Island(
            "card",
            items={
                "p-1": Page("island/card/p-1", template, FrozenDict(), "product", FrozenDict(tea), island="card"),
                "p-2": Page("island/card/p-2", template, FrozenDict(), "product", FrozenDict(cup), island="card"),
            },
        ),
        "none": Island("none", Page("island/none", "islands/none.html", FrozenDict(), island="none")),
    }
    assert [page.path for page in site.all_pages()] == ["/", "island/card/p-1", "island/card/p-2", "island/none"]


def test_list_slot_names_its_islands(tmp_path: Path) -> None:
    site = load_site(write_site(tmp_path, ISLANDS))
    assert site.slots == {"RECS": Slot(name="RECS", source="user.recs", default="none", island="card", max_items=4)}
    assert site.shown_by_lists() == {"card", "none"}


def test_key_may_be_an_integer_and_have_every_character_of_a_name(tmp_path: Path) -> None:
    products = json.dumps([{"sku": sku} for sku in (7, "a.b_c~d-E", "...")])
    site = load_site(write_site(tmp_path, {**ISLANDS, "data/products.json": products}))
    assert list(site.islands["card"].items) == ["...", "7", "a.b_c~d-E"]


def test_ten_thousand_items_are_read(tmp_path: Path) -> None:
    products = json.dumps([{"sku": f"p-{number}"} for number in range(10_000)])
    site = load_site(write_site(tmp_path, {**ISLANDS, "data/products.json": products}))
    assert len(site.islands["card"].items) == 10_000


def islands(toml: str, *said: str) -> tuple[dict[str, str], str, str, str]:
    """A fault of edgekit.toml, whose first three lines are `[site]`."""
    code, place, message = said
    return {"edgekit.toml": CONFIG + toml}, code, place, message


def items(products: str, message: str) -> tuple[dict[str, str], str, str, str]:
    return {"data/products.json": products}, "EK153", "edgekit.toml:7", message


FAULTS: dict[str, tuple[dict[str, str], str, str, str]] = {
    # names
    "an island in a folder": ({"islands/a/b.html": ""}, "EK150", "islands/a/b.html", KEYS),
    "an island with a space": ({"islands/a b.html": ""}, "EK150", "islands/a b.html", KEYS),
    # tables
    "a table without a template": islands(
        CARD.replace(".card", ".crad") + CARD + RECS,
        "EK151",
        "edgekit.toml:4",
        "there is no island `islands/crad.html`; did you mean `card`?",
    ),
    "a table without each": islands(
        CARD.replace('each = "data.products"', "") + RECS, "EK112", "edgekit.toml:4", "each"
    ),
    "a table without key": islands(
        CARD.replace('key = "sku"', "") + RECS, "EK112", "edgekit.toml:4", "key` is missing"
    ),
    "a table with another key": islands(CARD + 'kye = "x"\n' + RECS, "EK110", "edgekit.toml:8", "did you mean `key`?"),
    "an item with a taken name": islands(
        CARD.replace('"product"', '"user"') + RECS, "EK145", "edgekit.toml:6", "cannot be called `user`"
    ),
    "each that names no data": islands(
        CARD.replace("data.products", "data.product") + RECS,
        "EK152",
        "edgekit.toml:5",
        "`data.product` names no data; did you mean `products`?",
    ),
    "each that is no list": ({"data/products.json": "{}"}, "EK152", "edgekit.toml:5", "is no list of tables"),
    "each that is a list of texts": ({"data/products.json": '["x"]'}, "EK152", "edgekit.toml:5", "no list of tables"),
    # keys
    "an item without its key": items(
        '[{"sku": "a"}, {"skuu": "b"}]', "item 2 of `data.products` has no `sku`; did you"
    ),
    "a key that is a float": items('[{"sku": 1.5}]', "neither a string nor an integer"),
    "a key that is a boolean": items('[{"sku": true}]', "neither a string nor an integer"),
    "a key that is empty": items('[{"sku": ""}]', KEYS),
    "a key that is ..": items('[{"sku": ".."}]', KEYS),
    "a key with a slash": items('[{"sku": "a/b"}]', KEYS),
    "a key with a line break": items(r'[{"sku": "a\n"}]', KEYS),
    "a key with an umlaut": items('[{"sku": "ü"}]', KEYS),
    "a key that is a mark's end": items('[{"sku": "x-->"}]', KEYS),
    "two items of one key": items(
        '[{"sku": 1}, {"sku": "1"}]', "item 2 of `data.products` has the `sku` `1`, which an"
    ),
    "a key longer than a store's": items(f'[{{"sku": "{"x" * 495}"}}]', "longer than a store's key, 511 bytes"),
    # list slots
    "a list slot without max_items": islands(
        CARD + RECS.replace("max_items = 4\n", ""), "EK112", "edgekit.toml:8", "slot `RECS` has no `max_items`"
    ),
    "a list slot without default": islands(
        CARD + RECS.replace('default = "none"\n', ""), "EK112", "edgekit.toml:8", "slot `RECS` has no `default`"
    ),
    **{
        f"a list slot with {line}": islands(
            CARD + RECS + line + "\n", "EK137", "edgekit.toml:13", f"so `{line.partition(' ')[0]}` means nothing"
        )
        for line in ('type = "string"', "max_length = 3", 'choices = ["a"]')
    },
    **{
        f"a list slot of {number} items": islands(
            CARD + RECS.replace("= 4", f"= {number}"),
            "EK137",
            "edgekit.toml:11",
            f"`max_items` of slot `RECS` is `{number}`",
        )
        for number in (-1, 0, 101)
    },
    **{
        f"a list slot from {source}": islands(
            CARD + RECS.replace("user.recs", source), "EK137", "edgekit.toml:9", f"`{source}` is never a list"
        )
        for source in ("user.id", "user.known", "segment.hero", "request.path", "request.query.q", "request.cookie.c")
    },
    "a list slot from the tier": islands(
        CARD + RECS.replace("user.recs", "user.tier"), "EK131", "edgekit.toml:9", "which is frozen"
    ),
    "a list slot from nothing": islands(CARD + RECS.replace("user.recs", "recs"), "EK131", "edgekit.toml:9", "`recs`"),
    "two slots of one list": islands(
        CARD + RECS + RECS.replace("RECS", "SAME"), "EK132", "edgekit.toml:14", "slots `RECS` and `SAME` both read"
    ),
    "a list slot of an unknown island": islands(
        CARD + RECS.replace('"card"', '"cadr"'), "EK137", "edgekit.toml:10", "no such island; did you mean `card`?"
    ),
    "a list slot of a plain island": islands(
        CARD + RECS.replace('"card"', '"none"'), "EK137", "edgekit.toml:10", "names `none`, which has no items"
    ),
    "a list slot with an unknown default": islands(
        CARD + RECS.replace('"none"', '"nune"'), "EK137", "edgekit.toml:12", "no such island; did you mean `none`?"
    ),
    "a list slot with a default of items": islands(
        CARD + RECS.replace('"none"', '"card"'), "EK137", "edgekit.toml:12", "which has items"
    ),
    "a list slot with a default of text": islands(
        CARD + RECS.replace('"none"', '["none"]'), "EK137", "edgekit.toml:12", "is no name of an island"
    ),
    "a list slot with an odd default": islands(
        CARD + RECS.replace('"none"', f'"{"x" * 5000}\\u0000"'), "EK137", "edgekit.toml:12", "no such island"
    ),
    "max_items without an island": islands(
        CARD + '[slots.NAME]\nfrom = "user.name"\ndefault = ""\nmax_length = 9\nmax_items = 3\n',
        "EK137",
        "edgekit.toml:12",
        "slot `NAME` has `max_items`, but no `island`",
    ),
    "an island that is no text": islands(
        CARD + RECS.replace('"card"', "3"), "EK111", "edgekit.toml:10", "`slots.RECS.island` is wrong"
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_reported_once_with_its_place(tmp_path: Path, fault: tuple[dict[str, str], str, str, str]) -> None:
    files, code, place, message = fault
    site = write_site(tmp_path / "site", {**ISLANDS, **files})
    with pytest.raises(EdgekitError) as raised:
        load_site(site)
    (found,) = raised.value.diagnostics
    assert found.file is not None
    where = Path(found.file).relative_to(site).as_posix() + (f":{found.line}" if found.line else "")
    assert (found.code, where) == (code, place)
    assert message in found.message
    assert found.help
    assert raised.value.status == 2


def test_longest_tier_bounds_a_key(tmp_path: Path) -> None:
    fits = "x" * (511 - len("island/card/:vip") - 1)
    files = {**ISLANDS, "data/products.json": json.dumps([{"sku": fits}])}
    load_site(write_site(tmp_path / "short", files))
    with pytest.raises(EdgekitError, match="longer than a store's key"):
        load_site(write_site(tmp_path / "long", {**files, "segments/premium.toml": ""}))

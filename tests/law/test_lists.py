"""The law for personal lists: of any length and content, in pages and islands, replayed from a real store."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.cli.building import build_site
from edgekit.compiler.oracle import Oracle
from edgekit.fragment.values import Value
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.users import put_user
from edgekit.model.expiry import NEVER
from edgekit.project.load import load_site
from edgekit.project.site import Page, Site
from edgekit.replay.core import respond
from edgekit.replay.given import read_given
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore

TIERS_OWN = "private, max-age=0"
ITEMS = [f"i-{number}" for number in range(120)]
FILES = {
    "edgekit.toml": """
[site]
base_url = "https://shop.example"
default_tier = "free"
[budget]
cpu_ms = 5000
[slots.NAME]
from = "user.name"
default = "you"
max_length = 20
[slots.KNOWN]
from = "user.known"
[slots.HERO]
from = "segment.hero"
max_length = 20
"""
    + "".join(
        f"""
[slots.{name}]
from = "user.{name.lower()}"
island = "card"
max_items = {limit}
default = "empty"
"""
        for name, limit in {"ONE": 1, "FOUR": 4, "HUNDRED": 100}.items()
    )
    + """
[islands.card]
each = "data.products"
as = "item"
key = "key"
""",
    "segments/free.toml": 'hero = "<free>"',
    "segments/vip.toml": 'hero = "{HERO}"',
    "data/products.json": json.dumps([{"key": key, "name": f"<{key}> {{NAME}}"} for key in ITEMS]),
    "islands/card.html": (
        "<article>{{ item.name }} {{ tier }}"
        "{% if user.known %} for {{ user.name }}{% endif %} {{ segment.hero }}</article>"
    ),
    "islands/empty.html": "<p>nothing for {{ user.name }} {_}</p>",
    "islands/recs.html": "<div>{% if user.known %}{{ user.four }}{% else %}{{ user.name }}{% endif %}</div>",
    "islands/tier.html": "<p>{{ tier }} {{ segment.hero }}</p>",
    "islands/banner.html": "<p>banner {_} {NAME}</p>",
    "pages/lists.html": (
        "<!doctype html><body>{{ user.one }}|{{ user.four }}|{{ user.hundred }}|{{ user.one }} {NAME} {_}"
    ),
    "pages/shell.html": (
        '<!doctype html><body>shell {NAME} {_} {% island "recs" %}{% island "tier" %}{% island "recs" %}'
    ),
    "pages/tier.html": '<!doctype html><body>{% island "tier" %}{% island "banner" %}{{ segment.hero }}',
    "pages/static.html": '<!doctype html><body>{% island "banner" %}{% island "recs" client %}wait{% endisland %}',
    "pages/404.html": '<!doctype html><body>{% island "recs" %}',
}


class Built(NamedTuple):
    site: Site
    oracle: Oracle
    store: LmdbStore


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("lists")
    for name, text in FILES.items():
        file = folder / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    build_site(folder / "site", folder / "edge.lmdb")
    site = load_site(folder / "site")
    with open_store(folder / "edge.lmdb") as store:
        yield Built(site, Oracle(site), store)


def put(built: Built, **records: dict[str, Any]) -> None:
    for user, record in records.items():
        put_user(built.store, user, json.dumps(record).encode(), NEVER, 0)


def ask(path: str, user: str | None) -> Request:
    headers = ((b"x-user-id", user.encode()),) if user else ()
    return Request(path.encode(), 1.0, headers=headers, peer="127.0.0.1")


def answer(built: Built, path: str, user: str | None) -> Response:
    return respond(ask(path, user), ReplayStore(built.store))


def shown(values: object, limit: int) -> tuple[str, ...]:
    """What the contract says that a list slot shows."""
    tried = values[: 4 * limit] if isinstance(values, list) else []
    return tuple(value for value in tried if isinstance(value, str) and value in ITEMS)[:limit]


def bound(site: Site, record: dict[str, Any] | None) -> tuple[str, dict[str, Value]]:
    """The tier and the slots' values by their sources."""
    known = record or {}
    tier = known.get("tier", "free")
    return tier, {
        "user.name": known.get("name", "you"),
        "user.known": record is not None,
        "segment.hero": site.tiers[tier]["hero"],
        "user.one": shown(known.get("one"), 1),
        "user.four": shown(known.get("four"), 4),
        "user.hundred": shown(known.get("hundred"), 100),
    }


def addresses(site: Site) -> dict[str, Page]:
    pages = {page.path if page.path != "404" else "/nowhere": page for page in site.pages}
    fetched = site.islands["recs"].page
    assert fetched is not None
    return {**pages, "/_edgekit/island/recs": fetched}


def check(built: Built, record: dict[str, Any] | None) -> None:
    user = None
    if record is not None:
        user = "one"
        put(built, one=record)
    tier, values = bound(built.site, record)
    for path, page in addresses(built.site).items():
        response = answer(built, path, user)
        assert (built.oracle.render(page, tier, values), ()) == (response.body, response.logs), path
    seen = read_given(ask("/lists", user), ReplayStore(built.store))
    assert (tier, values) == (seen.tier, {built.site.slots[name].source: seen.values[name] for name in seen.values})


LENGTHS = {
    "none": [],
    "one": ITEMS[:1],
    "four": ITEMS[:4],
    "a hundred": ITEMS[:100],
    "all": ITEMS,
    "unknown ones": ["x"] * 20,
    "one behind fifteen unknown ones": ["x"] * 15 + ITEMS,
    "one behind sixteen": ["x"] * 16 + ITEMS,
    "one behind four hundred": ["x"] * 400 + ITEMS,
    "one twice": ITEMS[:1] * 2,
}


@pytest.mark.parametrize("tier", ["free", "vip"])
@pytest.mark.parametrize("keys", LENGTHS.values(), ids=LENGTHS)
def test_a_list_of_any_length_replays_to_the_full_render(built: Built, keys: list[str], tier: str) -> None:
    check(built, {"tier": tier, "name": "<Ada>", "one": keys, "four": keys, "hundred": keys})


def test_without_a_record_every_list_is_empty(built: Built) -> None:
    check(built, None)


values = (
    st.sampled_from(ITEMS)
    | st.sampled_from(["", ".", "..", "i-1:vip", "i-1/", "I-1", "i-1\n", "{ONE}", "<b>", "empty"])
    | st.none()
    | st.integers()
    | st.booleans()
    | st.lists(st.sampled_from(ITEMS), max_size=2)
)
lists = st.lists(values, max_size=20) | st.sampled_from([None, "i-1", 5, {"0": "i-1"}])
records = st.fixed_dictionaries(
    {"tier": st.sampled_from(["free", "vip"])},
    optional={"name": st.text(max_size=20), "one": lists, "four": lists, "hundred": lists},
)


@given(record=records)
def test_a_list_of_anything_replays_to_the_full_render(built: Built, record: dict[str, Any]) -> None:
    check(built, record)


@given(one=records, other=records)
def test_what_is_shared_holds_nobodys_bytes(built: Built, one: dict[str, Any], other: dict[str, Any]) -> None:
    """A public answer is one for all, a tier's one for all of the tier."""
    put(built, one=one, other=other)
    classes = {}
    for path in addresses(built.site):
        mine, theirs = answer(built, path, "one"), answer(built, path, "other")
        classes[path] = dict(mine.headers)[b"cache-control"].decode()
        assert classes[path] == dict(theirs.headers)[b"cache-control"].decode()
        if classes[path].startswith("public") or (classes[path] == TIERS_OWN and one["tier"] == other["tier"]):
            assert mine.body == theirs.body
    assert classes.pop("/static").startswith("public, ")
    assert classes.pop("/tier") == TIERS_OWN
    assert set(classes.values()) == {"private, no-store"}

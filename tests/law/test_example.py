"""The law on the example shop: every page, tier and visitor, built, published and replayed from the real store."""

import io
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from edgekit.cli.building import build_site
from edgekit.compiler.oracle import Oracle
from edgekit.fragment.values import Value, accept, accept_text, default_value
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.user_import import import_users
from edgekit.kv.users import put_user
from edgekit.model.slot import Slot
from edgekit.project.load import load_site
from edgekit.project.site import Page, Site
from edgekit.replay.core import respond
from edgekit.replay.request import Request
from edgekit.replay.store import ReplayStore

SITE = Path(__file__).parents[2] / "site"
USERS: list[dict[str, Any]] = [json.loads(line) for line in (SITE / "users.jsonl").read_bytes().splitlines()]
PARTS = 6
QUERIES: dict[str, dict[str, str]] = {
    "": {},
    "q=tea+pot&q=second&added=Mug&quantity=2": {"q": "tea pot", "added": "Mug", "quantity": "2"},
    "q=%3Cb%3E%26%7BUSER_NAME%7D&quantity=-3": {"q": "<b>&{USER_NAME}", "quantity": "-3"},
    "q=%FF&added=&quantity=1e3": {"added": "", "quantity": "1e3"},
    "q=" + "x" * 500: {"q": "x" * 500},
}
"""What the page is asked with, and what URLSearchParams gives; a value whose bytes are no UTF-8 counts as none."""


COOKIES: dict[str, dict[str, str]] = {
    "": {},
    "checkout=parcel": {"checkout": "parcel"},
    "theme=dark; checkout=letter; checkout=parcel": {"checkout": "letter"},
    "checkout=Parcel": {"checkout": "Parcel"},
}
"""The header, and the cookies in it that the site reads."""


class Visitor(NamedTuple):
    """Who asks: the id that is sent, the tier that counts, and the record, if there is one to be found."""

    id: str | None
    tier: str
    record: dict[str, Any] | None


class Shop(NamedTuple):
    """The example, published, with each of its users in each tier (`u1@vip`), and one whose record has expired."""

    site: Site
    store: LmdbStore


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(SITE, folder / "site")
    built = build_site(folder / "site", folder / "edge.lmdb")
    assert built.warnings == ()
    site = load_site(folder / "site")
    with open_store(folder / "edge.lmdb") as store:
        lines = [
            json.dumps({**user, "id": f"{user['id']}@{tier}", "tier": tier}) for user in USERS for tier in site.tiers
        ]
        import_users(store, io.BytesIO("\n".join(lines).encode()), "jsonl", file="users", expires=0)
        put_user(store, "expired", b'{"tier": "vip", "name": "Old", "language": "de"}', 1, 0)
        yield Shop(site, store)


def visitors(site: Site) -> list[Visitor]:
    strangers = [Visitor(id, site.default_tier, None) for id in (None, "nobody", "expired")]
    return [Visitor(f"{user['id']}@{tier}", tier, user) for tier in site.tiers for user in USERS] + strangers


def shown_items(site: Site, slot: Slot, values: object) -> tuple[str, ...]:
    """What the contract says that a list slot shows of a record's field."""
    tried = values[: 4 * slot.max_items] if isinstance(values, list) else []
    items = site.islands[slot.island].items
    return tuple(value for value in tried if isinstance(value, str) and value in items)[: slot.max_items]


def bound_values(site: Site, visitor: Visitor, path: str, query: str, cookie: str) -> dict[str, Value]:
    """What the contract says that each slot's value is, by its source."""
    record = visitor.record or {}

    def given(slot: Slot) -> Value | None:
        match slot.root, slot.field:
            case "user", "id":
                return accept(slot, visitor.id)
            case "user", "known":
                return visitor.record is not None
            case "user", field if slot.island:
                return shown_items(site, slot, record.get(field))
            case "user", field:
                return accept(slot, record.get(field))
            case "segment", field:
                return accept(slot, site.tiers[visitor.tier][field])
            case "request", "path":
                return accept_text(slot, path)
            case "request", field if field.startswith("query."):
                return accept_text(slot, QUERIES[query].get(field.removeprefix("query.")))
            case "request", field if field.startswith("cookie."):
                return accept_text(slot, COOKIES[cookie].get(field.removeprefix("cookie.")))
        raise AssertionError(f"the example has a new source, `{slot.source}`: say here what it gives")

    values = {slot.source: (given(slot), slot) for slot in site.slots.values()}
    return {
        source: default_value(slot, site.tiers[visitor.tier]) if value is None else value
        for source, (value, slot) in values.items()
    }


def addresses(site: Site) -> list[tuple[str, Page]]:
    """Where each page is asked for, and each island that a page fetches; 503 has no address."""
    fetched = site.islands["recommendations"].page
    assert fetched is not None
    pages = [(page.path if page.path.startswith("/") else f"/nowhere-{page.path}", page) for page in site.pages]
    return [*(found for found in pages if found[1].path != "503"), ("/_edgekit/island/recommendations", fetched)]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_tier_and_visitor_replays_to_the_full_render(part: int, shop: Shop) -> None:
    oracle = Oracle(shop.site)
    replay = ReplayStore(shop.store)
    rendered: dict[tuple[object, ...], bytes] = {}
    for path, page in addresses(shop.site)[part::PARTS]:
        for number, visitor in enumerate(visitors(shop.site)):
            query = list(QUERIES)[number % len(QUERIES)]
            cookie = list(COOKIES)[number % len(COOKIES)]
            values = bound_values(shop.site, visitor, path, query, cookie)
            identity = ((b"x-user-id", visitor.id.encode()),) if visitor.id is not None else ()
            request = Request(
                path=path.encode(),
                query=query.encode(),
                now=time.time(),
                headers=((b"cookie", cookie.encode()), *identity),
                peer="127.0.0.1",
            )
            key = (page.path, visitor.tier, *sorted(values.items()))
            if key not in rendered:
                rendered[key] = oracle.render(page, visitor.tier, values)
            response = respond(request, replay)
            assert response.body == rendered[key], (page.path, visitor)
            assert response.status == (404 if page.path == "404" else 200)
            assert response.logs == ()

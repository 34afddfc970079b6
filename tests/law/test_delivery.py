"""Delivery classes: who may share which bytes. Over random small sites, published and replayed from a real store."""

import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.cli.building import build_site
from edgekit.compiler.build import compile_site
from edgekit.kv.releases import current_manifest, current_release, read_pack
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.users import put_user
from edgekit.model.fragment import Fragment
from edgekit.model.keys import PAGE_TPL, STATIC_PAGES
from edgekit.model.manifest import Delivery
from edgekit.project.load import load_site
from edgekit.replay.core import respond
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore
from tests.project.folder import CONFIG, write_site
from tests.scale import scaled

SLOTS: Final = """
[slots.NAME]
from = "user.name"
default = "nobody"
max_length = 40
[slots.ID]
from = "user.id"
default = "guest"
max_length = 40
[slots.KNOWN]
from = "user.known"
[slots.CITY]
from = "request.header.x-city"
default = "nowhere"
max_length = 40
[slots.HERO]
from = "segment.hero"
max_length = 40
"""
SECRETS: Final = ("secret-name", "secret-city", "user-1")
"""What the first visitor's record and request hold; nobody else's do, and no template."""

PIECES: Final[dict[str, Delivery]] = {
    "<p>text</p>": "static",
    "<p>{{ data.products[0].name }}</p>": "static",
    "<p>{{ page.path }}</p>": "static",
    "{% set x = 1 %}{% if x %}<b>{{ x }}</b>{% endif %}": "static",
    "<p>{{ tier }}</p>": "segment",
    "{% if tier == 'vip' %}{% endif %}": "segment",
    "<p>{{ user.tier }}</p>": "segment",
    "<p>{{ segment.seats }}</p>": "segment",
    "<p>{{ segment.hero }}</p>": "segment",
    "{% set unused = segment.seats %}": "segment",
    "<p>{{ user.name }}</p>": "user",
    "<p title='{{ user.id }}'>x</p>": "user",
    "{% set kept %}{{ user.name }}{% endset %}": "user",
    "{% if user.known %}<p>member</p>{% endif %}": "user",
    "<p>{{ request.header['x-city'] }}</p>": "user",
}
"""A piece of a template, and who may share a page that has it."""

ORDER: Final[tuple[Delivery, ...]] = ("static", "segment", "user")


def strictest(pieces: list[str]) -> Delivery:
    return max((PIECES[piece] for piece in pieces), key=ORDER.index, default="static")


pages = st.lists(st.lists(st.sampled_from(sorted(PIECES)), max_size=4), min_size=1, max_size=4)


@contextmanager
def published(templates: list[list[str]], missing: list[str]) -> Iterator[LmdbStore]:
    """A store with a page for each template, a 404 page, and two users of each tier."""
    folder = Path(tempfile.mkdtemp())
    files = {f"pages/{number}.html": "\n".join(pieces) for number, pieces in enumerate(templates)}
    files |= {"pages/404.html": "\n".join(missing), "edgekit.toml": CONFIG + SLOTS}
    try:
        build_site(write_site(folder / "site", files), folder / "edge.lmdb")
        with open_store(folder / "edge.lmdb") as store:
            for tier in ("free", "vip"):
                put_user(store, f"user-1-{tier}", json.dumps({"tier": tier, "name": "secret-name"}).encode(), 0, 0)
                put_user(store, f"user-2-{tier}", json.dumps({"tier": tier, "name": "Bob"}).encode(), 0, 0)
            yield store
    finally:
        shutil.rmtree(folder)


def ask(store: ReplayStore, path: str, user: str, city: str) -> Response:
    headers = ((b"x-user-id", user.encode()), (b"x-city", city.encode()))
    return respond(Request(path.encode(), time.time(), headers=headers, peer="127.0.0.1"), store)


@given(pages, st.lists(st.sampled_from(sorted(PIECES)), max_size=3))
@settings(max_examples=scaled(25))
def test_what_is_shared_is_the_same_for_all_who_share_it(templates: list[list[str]], missing: list[str]) -> None:
    with published(templates, missing) as store:
        with store.snapshot() as snapshot:
            manifest = current_manifest(snapshot)
        assert manifest is not None
        replay = ReplayStore(store)
        for number, pieces in [*enumerate(templates), (None, missing)]:
            delivery = strictest(pieces)
            assert manifest.routes["404" if number is None else f"/{number}"].delivery == delivery
            path = "/nowhere" if number is None else f"/{number}"
            answers = {
                (user, tier): ask(replay, path, f"{user}-{tier}", "secret-city" if user == "user-1" else "Rome")
                for tier in ("free", "vip")
                for user in ("user-1", "user-2")
            }
            for tier in ("free", "vip"):
                mine, others = answers["user-1", tier], answers["user-2", tier]
                caching = dict(mine.headers)[b"cache-control"]
                assert caching.startswith(b"public" if delivery == "static" else b"private")
                assert (caching == b"private, no-store") == (delivery == "user")
                if delivery == "user":
                    # They differ only where a slot is: without the values they are one text.
                    assert b"etag" not in dict(mine.headers)
                    assert without_values(mine.body) == without_values(others.body)
                else:
                    assert (mine.body, mine.headers) == (others.body, others.headers)
                    assert not any(secret.encode() in mine.body for secret in SECRETS)
                    assert not any(secret.encode() in value for secret in SECRETS for _, value in mine.headers)
            if delivery == "static":
                assert answers["user-1", "free"].body == answers["user-1", "vip"].body


def without_values(body: bytes) -> bytes:
    return re.sub(rb"secret-name|Bob|user-[12]-(?:free|vip)|secret-city|Rome", b"", body)


@given(pages)
@settings(max_examples=scaled(15))
def test_a_page_that_does_not_read_the_tier_is_one_body(templates: list[list[str]]) -> None:
    with published(templates, []) as store, store.snapshot() as snapshot:
        release = current_release(snapshot)
        assert release is not None
        index = {(entry.namespace, entry.key): entry.digest for entry in read_pack(snapshot, release).index}
        for number, pieces in enumerate(templates):
            if strictest(pieces) == "static":
                assert (STATIC_PAGES, f"/{number}") in index
                assert (PAGE_TPL, f"/{number}:free") not in index
            elif not any("tier" in piece or "segment" in piece for piece in pieces):
                assert index[PAGE_TPL, f"/{number}:free"] == index[PAGE_TPL, f"/{number}:vip"]


@given(st.lists(st.sampled_from(sorted(PIECES)), max_size=4), st.sampled_from(ORDER))
@settings(max_examples=scaled(60))
def test_an_assertion_refuses_exactly_what_reads_more(pieces: list[str], asserted: Delivery) -> None:
    folder = Path(tempfile.mkdtemp())
    config = f'{CONFIG}{SLOTS}[pages."index.html"]\ndelivery = "{asserted}"\n'
    kept: list[Fragment] = []
    try:
        site = load_site(write_site(folder, {"edgekit.toml": config, "pages/index.html": "\n".join(pieces)}))
        found = compile_site(site, kept.append, jobs=1)
    finally:
        shutil.rmtree(folder)
    reads_more = ORDER.index(strictest(pieces)) > ORDER.index(asserted)
    errors = [one.code for one in found.diagnostics if one.severity == "error"]
    assert errors == (["EK601"] if reads_more else [])
    assert (found.pack is None) == reads_more

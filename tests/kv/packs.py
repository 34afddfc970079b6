"""Small releases for tests: a version of a site, staged and published as a builder does it."""

from pathlib import Path
from typing import Any

from edgekit.kv.publish import publish
from edgekit.kv.releases import Published, current_release
from edgekit.kv.staging import Stager
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.transaction import LmdbSnapshot
from edgekit.kv.verify import verify
from edgekit.model.digest import digest
from edgekit.model.expiry import seal, unseal
from edgekit.model.fragment import Cut, Fragment, Span, Trace, encode_trace
from edgekit.model.keys import (
    ASSETS,
    INDEX_NAMESPACES,
    NAMESPACES,
    PAGE_TPL,
    STATIC_PAGES,
    USER_SEGMENTS,
    VALUES,
    page_key,
)
from edgekit.model.manifest import Identity, IndexEntry, Manifest, Pack, Route, Ttl, build_pack
from edgekit.model.reads import PageRecord, Reads
from edgekit.model.slot import Slot

Pages = dict[tuple[str, str], bytes | None]
"""Bodies by namespace and key."""

NOW = 1_800_000_000.0
TIERS: dict[str, dict[str, Any]] = {
    "free": {"hero": "free.jpg", "discount": 0, "stars": 1},
    "vip": {"hero": "vip.jpg", "discount": 0.2, "stars": 5},
}
SLOTS = {
    "USER_NAME": Slot(name="USER_NAME", source="user.name", default="there", max_length=40),
    "HERO": Slot(name="HERO", source="segment.hero", max_length=20),
    "STARS": Slot(name="STARS", source="segment.stars", type="integer"),
}


def make_fragments(version: str, pages: int = 3, tiers: tuple[str, ...] = ("free", "vip")) -> list[Fragment]:
    """Pages of all tiers (the last is large), a static page that every version has, one of its own, and an asset."""
    fragments = []
    for number in range(pages):
        for tier in tiers:
            filler = f"<p>{version} {number}</p>" * (400 if number == pages - 1 else 3)
            body = f"<h1>{tier}</h1>{{USER_NAME}}{filler}".encode()
            start = body.index(b"{")
            cuts = (Cut(start, start + len("{USER_NAME}"), "USER_NAME", ""),)
            trace = Trace((f"pages/p{number}.html",), (Span(0, 0, 1), Span(start, 0, 2)))
            fragments.append(Fragment(PAGE_TPL, page_key(f"/p{number}", tier), body, cuts, trace))
    fragments.append(Fragment(STATIC_PAGES, "/about", b"<p>about</p>", trace=Trace(("pages/about.html",))))
    fragments.append(Fragment(STATIC_PAGES, f"/{version}", version.encode(), trace=Trace(("pages/own.html",))))
    fragments.append(Fragment(ASSETS, f"/static/{version}.css", f"/* {version} */".encode()))
    return fragments


def make_pack(fragments: list[Fragment], **manifest: Any) -> Pack:
    entries = [
        IndexEntry(f.namespace, f.key, f.digest.hex(), digest(encode_trace(f.trace)).hex() if f.trace else "")
        for f in fragments
    ]
    routes = {
        f.key.rpartition(":")[0] if f.namespace == PAGE_TPL else f.key: Route(
            "user" if f.namespace == PAGE_TPL else "static", f.namespace
        )
        for f in fragments
        if f.namespace != ASSETS
    }
    fields: dict[str, Any] = {
        "default_tier": "free",
        "routes": routes,
        "slots": SLOTS,
        "segments": TIERS,
        "ttl": Ttl(),
        "cpu_ms": 50,
        "identity": Identity(),
    }
    pages = {path: PageRecord("0a", (0,), 0, (7,)) for path in routes}
    reads = Reads("0f", (("template layout.html", "e1"),), (b"outcome",), pages)
    return build_pack(Manifest(**(fields | manifest)), entries, reads)


def build(store: LmdbStore, version: str, now: float = NOW, **manifest: Any) -> Published:
    """Stage and publish a version."""
    fragments = make_fragments(version)
    with Stager(store) as stager:
        for fragment in fragments:
            stager.add(fragment)
    return publish(store, make_pack(fragments, **manifest), now)


def release_of(version: str) -> str:
    return make_pack(make_fragments(version)).release


def make_store(path: Path, *versions: str, users: int = 2) -> Path:
    """A closed store with users and these versions published in turn."""
    with open_store(path, create=True) as store:
        with store.write() as txn:
            for number in range(users):
                txn.put(USER_SEGMENTS, f"u{number}", seal(b'{"tier":"vip","name":"Ada"}'))
        for version in versions:
            build(store, version)
    return path


def pages_in(snapshot: LmdbSnapshot) -> Pages:
    """Every index entry with the body it leads to."""
    return {
        (namespace, key.decode()): snapshot.get(VALUES, unseal(value)[1])
        for namespace in INDEX_NAMESPACES
        for key, value in snapshot.scan(namespace)
    }


def pages_of(store: LmdbStore) -> Pages:
    with store.snapshot() as snapshot:
        return pages_in(snapshot)


def bodies_of(*versions: str) -> Pages:
    """What `pages_of` gives after these versions were published in turn: assets of all, pages of the last."""
    all_fragments = [f for version in versions for f in make_fragments(version) if f.namespace == ASSETS]
    return {(f.namespace, f.key): f.body for f in all_fragments + make_fragments(versions[-1])}


def release_and_users(store: LmdbStore) -> tuple[str | None, list[bytes]]:
    with store.snapshot() as snapshot:
        return current_release(snapshot), [key for key, _ in snapshot.scan(USER_SEGMENTS)]


def check_release(path: Path) -> str:
    """`old` or `new`, after every page, user and digest was found to be of that release."""
    with open_store(path) as store:
        release, users = release_and_users(store)
        assert users == [b"u0", b"u1"]
        found = {release_of("old"): "old", release_of("new"): "new"}[str(release)]
        assert pages_of(store) == bodies_of(*(["old", "new"] if found == "new" else ["old"]))
    assert verify(path) == ()
    return found


def records_of(path: Path) -> dict[tuple[str, bytes], bytes]:
    """All records but when releases were published."""
    with open_store(path) as store, store.snapshot() as snapshot:
        return {
            (namespace, key): value
            for namespace in NAMESPACES
            for key, value in snapshot.scan(namespace)
            if not key.startswith(b"published:")
        }

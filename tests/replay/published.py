"""A published release as a mapping, from a short description: what replay's tests read from.

default_tier, cpu_ms     "free", 50
slots                    name → fields as in the manifest; `user.known` with choices
segments                 tier → configuration as its file has it
config                   tier → configuration as the store has it now (default: as the file)
config_expires           tier → Unix seconds
pages                    path → text (static), or tier → fragment; "404" and "503" are the error pages
delivery                 path → class (default: static for a text, user for fragments)
islands                  name → {"delivery" (default: user), "client" (default: false), and tier → fragment as "tiers",
                         or, for an island of items, key → tier → fragment as "items"}; a text is that of all tiers
assets                   path → text
redirects                list of [source, to] or [source, to, status], in the order in which they are tried
headers                  pattern → name → value
users                    id → record, or its raw text if it is a string
user_expires             id → Unix seconds
identity                 fields of [identity]
origin                   fields of [origin]
share_segments           as in [cache] (default: false)
"""

from typing import Any

import msgspec

from edgekit.kv.reader import MemoryStore
from edgekit.model.digest import digest
from edgekit.model.expiry import seal
from edgekit.model.fragment import Cut, encode_cuts
from edgekit.model.island import island_path
from edgekit.model.keys import (
    ASSETS,
    CURRENT,
    EDGEKIT,
    NAMESPACES,
    PAGE_TPL,
    SEGMENT_CONFIG,
    STATIC_PAGES,
    USER_SEGMENTS,
    VALUES,
    Namespace,
    cuts_key,
    manifest_key,
    page_key,
)  # fmt: skip
from edgekit.model.manifest import (
    Identity,
    IndexEntry,
    Island,
    Manifest,
    RedirectRule,
    Route,
    Ttl,
    build_pack,
    encode_manifest,
)
from edgekit.model.origin import Origin
from edgekit.model.placeholder import TOKEN
from edgekit.model.slot import Slot
from edgekit.replay.store import ReplayStore

Namespaces = dict[Namespace, dict[str | bytes, bytes]]


def find_cuts(body: bytes) -> tuple[Cut, ...]:
    """The cuts of a fragment by its grammar."""
    cuts = []
    for token in TOKEN.finditer(body.decode("latin-1")):  # one character a byte: offsets are those of the bytes
        if (mark := token[1][0]) in "?/":
            cuts.append(Cut(*token.span(), token[1][1:].partition("=")[0], mark))  # type: ignore[arg-type]
            continue
        name, _, encoding = token[1].partition(":")
        cuts.append(Cut(*token.span(), "" if name == "_" else name, encoding))  # type: ignore[arg-type]
    return tuple(cuts)


def declare_slots(slots: dict[str, dict[str, Any]]) -> dict[str, Slot]:
    return {name: msgspec.convert({"name": name, **slot}, Slot) for name, slot in slots.items()}


def publish(described: dict[str, Any], namespaces: Namespaces | None = None) -> Namespaces:
    """The namespaces of a store with this release; with `namespaces`, published over those."""
    store: Namespaces = {name: {} for name in NAMESPACES} if namespaces is None else namespaces
    for name in (PAGE_TPL, STATIC_PAGES, ASSETS, SEGMENT_CONFIG):
        store[name] = {}
    entries: list[IndexEntry] = []

    def put(namespace: Namespace, key: str, text: str) -> None:
        body = text.encode()
        store[VALUES][digest(body)] = body
        store[namespace][key] = seal(digest(body))
        if namespace == PAGE_TPL:
            store[EDGEKIT][cuts_key(digest(body).hex())] = encode_cuts(find_cuts(body))
        entries.append(IndexEntry(namespace, key, digest(body).hex()))

    routes = {}
    delivery = described.get("delivery", {})
    for path, content in described.get("pages", {}).items():
        if isinstance(content, str):
            put(STATIC_PAGES, path, content)
            routes[path] = Route(delivery.get(path, "static"), STATIC_PAGES)
        else:
            for tier, fragment in content.items():
                put(PAGE_TPL, page_key(path, tier), fragment)
            routes[path] = Route(delivery.get(path, "user"), PAGE_TPL)
    for path, text in described.get("assets", {}).items():
        put(ASSETS, path, text)
    segments = described.get("segments", {"free": {}})
    islands = described.get("islands", {})
    for name, island in islands.items():
        for key, content in {"": island.get("tiers", {}), **island.get("items", {})}.items():
            for tier, fragment in (dict.fromkeys(segments, content) if isinstance(content, str) else content).items():
                put(PAGE_TPL, page_key(island_path(name, key), tier), fragment)
    manifest = Manifest(
        default_tier=described.get("default_tier", "free"),
        routes=routes,
        islands={
            name: Island(island.get("delivery", "user"), island.get("client", False))
            for name, island in islands.items()
            if "tiers" in island
        },
        slots=declare_slots(described.get("slots", {})),
        segments=segments,
        ttl=Ttl(),
        cpu_ms=described.get("cpu_ms", 5_000),
        identity=msgspec.convert(described.get("identity", {}), Identity),
        redirects=tuple(RedirectRule(*(*redirect, 308)[:3]) for redirect in described.get("redirects", ())),
        headers=described.get("headers", {}),
        origin=msgspec.convert(described["origin"], Origin) if "origin" in described else msgspec.UNSET,
        share_segments=described.get("share_segments") or msgspec.UNSET,
    )
    for tier, config in {**segments, **described.get("config", {})}.items():
        store[SEGMENT_CONFIG][tier] = seal(_record(config), described.get("config_expires", {}).get(tier, 0))
    for user, record in described.get("users", {}).items():
        store[USER_SEGMENTS][user] = seal(_record(record), described.get("user_expires", {}).get(user, 0))
    release = build_pack(manifest, entries).release
    store[EDGEKIT][manifest_key(release)] = encode_manifest(manifest)
    store[EDGEKIT][CURRENT] = release.encode()
    return store


def open_published(described: dict[str, Any]) -> ReplayStore:
    return ReplayStore(MemoryStore(publish(described)))


def _record(record: object) -> bytes:
    return record.encode() if isinstance(record, str) else msgspec.json.encode(record)

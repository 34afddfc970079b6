"""A request as somebody else would send it: a user's id, another tier, values of slots put over what the store has."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import quote_from_bytes

from edgekit.diagnostics.diagnostic import failure
from edgekit.diagnostics.suggest import did_you_mean
from edgekit.kv.reader import Snapshot
from edgekit.kv.record import encode_record
from edgekit.kv.segments import get_segment
from edgekit.kv.store import LmdbStore
from edgekit.kv.users import get_user
from edgekit.model.expiry import NEVER, is_expired
from edgekit.model.keys import SEGMENT_CONFIG, USER_SEGMENTS, Namespace
from edgekit.model.manifest import Manifest
from edgekit.model.slot import KNOWN, Slot
from edgekit.replay.identity.pretended import Pretended
from edgekit.replay.request import Request
from edgekit.replay.store import ReplayStore

NOBODY: Final = "preview"
"""The id of a user who is shown with a tier or values, but has no id of their own."""


class Preview(NamedTuple):
    request: Request
    store: ReplayStore


class _Overlay:
    """A snapshot with some records put over it."""

    def __init__(self, snapshot: Snapshot, records: Mapping[tuple[Namespace, str], bytes]) -> None:
        self.version = snapshot.version
        self._snapshot = snapshot
        self._records = records

    def get(self, namespace: Namespace, key: str | bytes) -> bytes | None:
        over = self._records.get((namespace, key)) if isinstance(key, str) else None
        return self._snapshot.get(namespace, key) if over is None else over


class _OverlaidStore:
    def __init__(self, store: LmdbStore, records: Mapping[tuple[Namespace, str], bytes]) -> None:
        self._store = store
        self._records = records

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        with self._store.snapshot() as snapshot:
            yield _Overlay(snapshot, self._records)


def build_preview(
    store: LmdbStore,
    manifest: Manifest,
    url: str,
    user: str | None,
    tier: str | None,
    values: Sequence[tuple[str, str]],
) -> Preview:
    """The request for `url` (a path, perhaps with a query) and the store that answers it.

    `values` are (source of a slot, text). Nothing is written. Raises EK438 (no such tier), EK485 (a value that no slot
    takes from there), and what reading the user raises.
    """
    path, _, query = url.partition("?")
    now = time.time()
    sources = {slot.source: slot for slot in manifest.slots.values()}
    record: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    asked = []
    headers = []
    for source, text in values:
        slot = _find_slot(sources, source)
        raw = text.encode(errors="surrogateescape")
        kind, _, name = slot.field.partition(".")
        match slot.root, kind:
            case "user", _:
                record[slot.field] = _parse(slot, text)
            case "segment", _:
                fields[slot.field] = _parse(slot, text)
            case _, "query":
                asked.append(f"{_quote(name.encode())}={_quote(raw)}")
            case _, "cookie":
                headers.append((b"cookie", name.encode() + b"=" + raw))
            case _, "header":
                headers.append((name.encode(), raw))
            case _:
                headers.append((b"host", raw))
    if tier is not None:
        if tier not in manifest.segments:
            known = ", ".join(f"`{name}`" for name in sorted(manifest.segments))
            message = f"there is no tier `{tier}`{did_you_mean(tier, manifest.segments)}"
            raise failure("EK438", message, help=f"the store has: {known}", status=1)
        record["tier"] = tier
    records: dict[tuple[Namespace, str], bytes] = {}
    if record:
        known_as = get_user(store, user) if user is not None else None
        there = known_as.record if known_as is not None and not is_expired(known_as.expires, now) else {}
        user = user or NOBODY
        records[USER_SEGMENTS, user] = encode_record(f"user `{user}`", {**there, **record}, NEVER)
    for name in manifest.segments if fields else ():
        config = get_segment(store, name).config
        records[SEGMENT_CONFIG, name] = encode_record(f"tier `{name}`", {**config, **fields}, NEVER)
    pretended = Pretended(manifest.identity)
    if user is not None:
        headers += pretended.headers(user)
    request = Request(
        path=path.encode(errors="surrogateescape"),
        now=now,
        query="&".join([*asked, *filter(None, [query])]).encode(errors="surrogateescape"),
        headers=tuple(headers),
        peer=pretended.peer,
    )
    overlaid = _OverlaidStore(store, records)
    return Preview(request, ReplayStore(overlaid, identify=pretended.identify))


def _find_slot(sources: Mapping[str, Slot], source: str) -> Slot:
    slot = sources.get(source)
    if slot is not None and source not in {"user.id", KNOWN, "request.path"}:
        return slot
    if slot is not None or source == "user.tier":
        ways = {"user.id": "`--user ID`", KNOWN: "`--user ID`", "user.tier": "`--tier T`", "request.path": "PATH"}
        raise failure("EK485", f"`--set` does not set `{source}`", help=f"give it as {ways[source]}")
    known = ", ".join(f"`{name}`" for name in sorted(sources)) or "none"
    raise failure(
        "EK485", f"no slot reads `{source}`{did_you_mean(source, sources)}", help=f"the release has slots of: {known}"
    )


def _parse(slot: Slot, text: str) -> str | int | list[str]:
    """A value as a record would hold it; keys of items stand between commas, which no key holds.

    What the slot does not take is replaced by its default, or skipped, as ever.
    """
    if slot.island:
        return text.split(",")
    if slot.type == "integer" and re.fullmatch(r"-?[0-9]{1,16}", text):
        return int(text)
    return text


def _quote(raw: bytes) -> str:
    return quote_from_bytes(raw, safe="")

"""Everything in a store that can be checked: LMDB does not notice a flipped bit.

Opening a store walks its pages (`pages`). Then every record is looked up, every digest computed, everything decoded
that is decoded before it is used, and the namespaces compared with the releases.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError
from edgekit.fragment.alternatives import read_choices
from edgekit.kv.cuts import find_cuts
from edgekit.kv.earlier import decode_earlier
from edgekit.kv.event_log import check_log
from edgekit.kv.live import decode_edits
from edgekit.kv.record import decode_record
from edgekit.kv.releases import current_release, publications, read_pack
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.transaction import LmdbSnapshot
from edgekit.model.digest import digest
from edgekit.model.expiry import seal
from edgekit.model.fragment import Cut, decode_cuts, decode_trace
from edgekit.model.keys import (
    ASSETS,
    CURRENT,
    EDGEKIT,
    EVENTS,
    FORMAT,
    INDEX_NAMESPACES,
    NAMESPACES,
    PAGE_TPL,
    SEGMENT_CONFIG,
    USER_SEGMENTS,
    VALUES,
    Namespace,
    applied_key,
    built_key,
    cuts_key,
    earlier_key,
    index_key,
    live_key,
    manifest_key,
    message_key,
    published_key,
    reads_key,
    trace_key,
)
from edgekit.model.manifest import IndexEntry, Pack, build_pack
from edgekit.model.reads import decode_reads
from edgekit.project.basis import decode_basis

MAX_FINDINGS: Final = 100
"""More would say nothing new."""

_DAMAGE: Final = frozenset({"EK424", "EK425", "EK426"})
_STEP: Final = 1024

Progress = Callable[[int, int], None]


def verify(path: Path, progress: Progress = lambda done, total: None) -> tuple[Diagnostic, ...]:
    """What is damaged in the store, the first 100 findings; `progress` gets how much of how much was checked.

    Raises EdgekitError where it cannot be read at all: missing, no permission, a newer format.
    """
    try:
        with open_store(path) as store:
            return tuple(islice(_findings(store, progress), MAX_FINDINGS))
    except EdgekitError as error:
        if {found.code for found in error.diagnostics} <= _DAMAGE:
            return error.diagnostics
        raise


def _findings(store: LmdbStore, progress: Progress) -> Iterator[Diagnostic]:
    with store.snapshot() as snapshot:
        total = sum(map(snapshot.count, NAMESPACES))
        done = 0
        for namespace in NAMESPACES:
            for key, value in snapshot.scan(namespace):
                # A wrong key in a branch page hides a record from look-ups, not from a scan.
                if snapshot.get(namespace, key) != value:
                    shown = key.hex() if namespace == VALUES else key.decode(errors="replace")
                    yield _finding("EK446", f"the record `{shown}` of {namespace} is not found by its key")
                yield from _check_record(snapshot, namespace, key, value)
                done += 1
                if not done % _STEP:
                    progress(done, total)
        progress(done, total)
        yield from _check_releases(snapshot)


def _check_record(snapshot: LmdbSnapshot, namespace: Namespace, key: bytes, value: bytes) -> Iterator[Diagnostic]:
    """What a record shows by itself. Index entries are compared with their release."""
    if namespace == VALUES and digest(value) != key:
        yield _finding("EK442", f"the body `{key.hex()}` is not what its digest says")
    elif namespace in (USER_SEGMENTS, SEGMENT_CONFIG):
        try:
            key.decode()
            decode_record(value)
        except ValueError as error:
            shown = key.decode(errors="replace")
            yield _finding("EK446", f"the record `{shown}` of {namespace} cannot be read: {error}")
    elif namespace == EDGEKIT:
        yield from _check_own(snapshot, key, value)


def _check_own(snapshot: LmdbSnapshot, key: bytes, value: bytes) -> Iterator[Diagnostic]:
    """A record of edgekit's own. Manifests, indexes and publications are read with their releases."""
    name = key.decode(errors="replace")
    kind, colon, rest = name.partition(":")
    kind += colon
    try:
        if kind == cuts_key(""):
            yield from _check_cuts(snapshot, rest, decode_cuts(value))
        elif kind == trace_key(""):
            decode_trace(value)
            if digest(value).hex() != rest:
                yield _finding("EK446", f"the record `{name}` is not what its digest says")
        elif kind == reads_key(""):
            decode_reads(value)
        elif kind == built_key(""):
            decode_basis(value)
        elif kind == live_key(""):
            decode_edits(value)
        elif kind in (EVENTS, message_key(""), applied_key("")):
            check_log(snapshot, kind, rest, value)
        elif kind == earlier_key(""):
            decode_earlier(value)
        elif name not in (FORMAT, CURRENT) and kind not in (manifest_key(""), index_key(""), published_key("")):
            yield _finding("EK446", f"the record `{name}` is none of edgekit's")
    except (msgspec.MsgspecError, ValueError) as error:
        yield _finding("EK446", f"the record `{name}` cannot be read: {error}")


def _check_cuts(snapshot: LmdbSnapshot, name: str, cuts: tuple[Cut, ...]) -> Iterator[Diagnostic]:
    body = snapshot.get(VALUES, bytes.fromhex(name))
    if body is None or cuts != find_cuts(body):
        yield _finding("EK444", f"the cut offsets of `{name}` are not those of its tokens")


def _check_alternatives(snapshot: LmdbSnapshot, pack: Pack, entry: IndexEntry) -> Iterator[Diagnostic]:
    """A fragment's tokens are those of its release's slots. Cuts that are damaged are found as records."""
    body = snapshot.get(VALUES, bytes.fromhex(entry.digest))
    cuts = snapshot.get(EDGEKIT, cuts_key(entry.digest))
    if body is None or cuts is None:
        return
    try:
        read_choices(body, decode_cuts(cuts), pack.manifest.slots)
    except msgspec.MsgspecError:
        return
    except ValueError as error:
        yield _finding("EK444", f"`{entry.key}` of release `{pack.release}` cannot be filled: {error}")


def _check_releases(snapshot: LmdbSnapshot) -> Iterator[Diagnostic]:
    """Every kept release is what its name says and has all its bodies; the current one fills the namespaces."""
    current = current_release(snapshot)
    assets: dict[bytes, set[bytes]] = {}
    try:
        kept = list(publications(snapshot))
        if current is not None and current not in kept:
            yield _finding("EK445", f"the current release `{current}` is not in the store")
        for release in kept:
            pack = read_pack(snapshot, release)
            if build_pack(pack.manifest, list(pack.index)).release != release:
                yield _finding("EK445", f"release `{release}` is not what its digest says")
            yield from _check_entries(snapshot, pack)
            for entry in pack.index:
                if entry.namespace == ASSETS:
                    assets.setdefault(entry.key.encode(), set()).add(_sealed(entry.digest))
            if release == current:
                yield from _check_namespaces(snapshot, pack)
    except EdgekitError as error:
        yield _finding("EK445", error.diagnostics[0].message)
        return
    for key, value in snapshot.scan(ASSETS):
        if value not in assets.get(key, ()):
            yield _finding("EK443", f"the entry `{key.decode(errors='replace')}` of ASSETS is of no release")


def _check_entries(snapshot: LmdbSnapshot, pack: Pack) -> Iterator[Diagnostic]:
    for entry in pack.index:
        wanted: list[tuple[Namespace, str | bytes]] = [(VALUES, bytes.fromhex(entry.digest))]
        if entry.namespace == PAGE_TPL:
            wanted.append((EDGEKIT, cuts_key(entry.digest)))
            yield from _check_alternatives(snapshot, pack, entry)
        if entry.trace:
            wanted.append((EDGEKIT, trace_key(entry.trace)))
        if any(snapshot.get(*place) is None for place in wanted):
            yield _finding("EK443", f"`{entry.key}` of release `{pack.release}` leads to no body")


def _check_namespaces(snapshot: LmdbSnapshot, pack: Pack) -> Iterator[Diagnostic]:
    for namespace in INDEX_NAMESPACES:
        there = dict(snapshot.scan(namespace))
        wanted = {entry.key.encode(): _sealed(entry.digest) for entry in pack.index if entry.namespace == namespace}
        # Assets of earlier releases stay.
        extra = set() if namespace == ASSETS else there.keys() - wanted.keys()
        for key in sorted({key for key, value in wanted.items() if there.get(key) != value} | extra):
            shown = key.decode(errors="replace")
            yield _finding("EK443", f"the entry `{shown}` of {namespace} is not the current release's")
    tiers = {key.decode(errors="replace") for key, _ in snapshot.scan(SEGMENT_CONFIG)}
    if tiers != pack.manifest.segments.keys():
        yield _finding("EK443", "the tiers of SEGMENT_CONFIG are not the current release's")


def _sealed(name: str) -> bytes:
    return seal(bytes.fromhex(name))


def _finding(code: str, message: str) -> Diagnostic:
    return Diagnostic(code=code, message=message, help=_HELP[code])


_HELP: Final = {
    "EK442": "build again: a full build writes it anew",
    "EK443": "build again",
    "EK444": "build again: a full build writes them anew",
    "EK445": "build again; an earlier release that is damaged can only be built from its site",
    "EK446": "put the user again, or `edgekit segments reset` the tier; all else a full build writes anew",
}

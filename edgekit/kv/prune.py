"""Pruning: earlier releases go, and what only they need, in short transactions between which a crash does no harm.

Marked is what the indexes of the kept releases name; all else is swept: of bodies also what builds left that did not
end. The releases go first, with their entries in ASSETS, then cuts, bodies and traces that no release names any more.
So `verify` finds nothing between any two transactions, and the next pruning takes what a crash left. Readers have
their snapshots; a server asks for nothing that is not of the current release, but for assets of pages that are old.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import msgspec

from edgekit.kv.limits import encode_key
from edgekit.kv.releases import current_release, publications, read_pack
from edgekit.kv.store import LmdbStore
from edgekit.kv.transaction import LmdbSnapshot, WriteTransaction
from edgekit.model.keys import ASSETS, EDGEKIT, PAGE_TPL, VALUES, Namespace, cuts_key, live_key, trace_key

BATCH: Final = 1_000
"""Records that one transaction deletes. Each may change a leaf page of its own, which LMDB holds in memory."""

Progress = Callable[[int, int], None]
_Record = tuple[Namespace, bytes]


class Pruned(msgspec.Struct, frozen=True):
    """What went: releases (digests, the last published first), entries of ASSETS, bodies; `bytes` of all values."""

    releases: tuple[str, ...]
    assets: int
    bodies: int
    bytes: int


class _State(NamedTuple):
    """What decides which releases are kept: those that were published, the last one last, and the current one."""

    published: tuple[str, ...]
    current: str | None


class _Garbage(NamedTuple):
    """Releases that go, the last published first; their own records; records that none of the others names."""

    releases: tuple[str, ...]
    own: tuple[_Record, ...]
    named: tuple[_Record, ...]


def prune(
    store: LmdbStore,
    keep: int,
    *,
    dry_run: bool = False,
    progress: Progress = lambda done, total: None,
) -> Pruned:
    """Keep the current release and the `keep` that were published last. The caller holds the store's build lock.

    `dry_run`: only say what would go. `progress` gets how many records of how many are gone.
    Raises EK433 if a kept release cannot be read (then nothing is removed), and what `LmdbStore.write` raises.
    """
    while True:
        with store.snapshot() as snapshot:
            state = _read_state(snapshot)
            garbage = _find_garbage(snapshot, state, keep)
            size = sum(len(snapshot.get(*record) or b"") for record in (*garbage.own, *garbage.named))
        if dry_run or _remove_releases(store, state, garbage):
            break
    if not dry_run:
        total = len(garbage.named)
        for begin in range(0, total, BATCH):
            with store.write() as txn:
                for record in garbage.named[begin : begin + BATCH]:
                    txn.delete(*record)
            progress(min(begin + BATCH, total), total)
    assets = sum(namespace == ASSETS for namespace, _ in garbage.own)
    bodies = sum(namespace == VALUES for namespace, _ in garbage.named)
    return Pruned(garbage.releases, assets, bodies, size)


def _remove_releases(store: LmdbStore, state: _State, garbage: _Garbage) -> bool:
    """False if meanwhile another release was made current, which needs no build lock: what goes is to be found anew."""
    if not garbage.own:
        return True
    with store.write() as txn:
        if _read_state(txn) != state:
            return False
        for record in garbage.own:
            txn.delete(*record)
    return True


def _read_state(reader: LmdbSnapshot | WriteTransaction) -> _State:
    return _State(tuple(publications(reader)), current_release(reader))


def _find_garbage(snapshot: LmdbSnapshot, state: _State, keep: int) -> _Garbage:
    kept = {*state.published[-keep:], *filter(None, [state.current])}
    gone = [release for release in reversed(state.published) if release not in kept]
    marked: dict[Namespace, set[bytes]] = {ASSETS: set(), EDGEKIT: set(), VALUES: set()}
    for release in kept:
        for entry in read_pack(snapshot, release).index:
            marked[VALUES].add(bytes.fromhex(entry.digest))
            if entry.namespace == ASSETS:
                marked[ASSETS].add(encode_key(entry.key))
            if entry.namespace == PAGE_TPL:
                marked[EDGEKIT].add(cuts_key(entry.digest).encode())
            if entry.trace:
                marked[EDGEKIT].add(trace_key(entry.trace).encode())

    def unmarked(namespace: Namespace, prefix: str = "") -> Iterator[_Record]:
        return ((namespace, key) for key in snapshot.keys(namespace, prefix.encode()) if key not in marked[namespace])

    return _Garbage(
        tuple(gone),
        (*_own_records(snapshot, gone), *unmarked(ASSETS)),
        (*unmarked(EDGEKIT, cuts_key("")), *unmarked(VALUES), *unmarked(EDGEKIT, trace_key(""))),
    )


def _own_records(snapshot: LmdbSnapshot, releases: list[str]) -> Iterator[_Record]:
    """All records of these releases, of whatever kind: `manifest:{release}` and the like."""
    names = {release.encode() for release in releases}
    live = live_key("").encode()
    for key in snapshot.keys(EDGEKIT):
        if key.partition(b":")[2] in names and not key.startswith(live):
            yield EDGEKIT, key

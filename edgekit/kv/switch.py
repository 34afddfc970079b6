"""What changes in a store when another release becomes the current one; publishing and rolling back share it."""

import msgspec

from edgekit.diagnostics.diagnostic import failure
from edgekit.fragment.edits import effective_config, unchanged_edits, usable_edits
from edgekit.kv.limits import encode_key
from edgekit.kv.live import read_edits, write_edits
from edgekit.kv.record import encode_record, expiry
from edgekit.kv.transaction import WriteTransaction
from edgekit.model.expiry import seal
from edgekit.model.keys import (
    ASSETS,
    CURRENT,
    EDGEKIT,
    INDEX_NAMESPACES,
    PAGE_TPL,
    SEGMENT_CONFIG,
    VALUES,
    Namespace,
    cuts_key,
    live_key,
    trace_key,
)
from edgekit.model.manifest import IndexEntry, Manifest, Pack


class Changes(msgspec.Struct, frozen=True):
    """Counts of index entries."""

    added: int = 0
    changed: int = 0
    removed: int = 0


def switch(txn: WriteTransaction, pack: Pack, now: float, *, file_wins: bool) -> dict[Namespace, Changes]:
    """Make `pack` the current release, and say what that changed.

    `file_wins`: drop live edits whose field the site's file has changed since.
    Raises EK432 if a body it names was never staged.
    """
    _check_bodies(txn, pack)
    changes = {namespace: _write_index(txn, namespace, pack.index) for namespace in INDEX_NAMESPACES}
    write_configs(txn, pack.manifest, now, file_wins=file_wins)
    txn.put(EDGEKIT, CURRENT, pack.release.encode())
    return changes


def _check_bodies(txn: WriteTransaction, pack: Pack) -> None:
    values = {bytes.fromhex(entry.digest): entry for entry in pack.index}
    records = {cuts_key(entry.digest).encode(): entry for entry in pack.index if entry.namespace == PAGE_TPL}
    records |= {trace_key(entry.trace).encode(): entry for entry in pack.index if entry.trace}
    places: list[tuple[Namespace, dict[bytes, IndexEntry]]] = [(VALUES, values), (EDGEKIT, records)]
    for namespace, wanted in places:
        for missing in txn.missing(namespace, sorted(wanted)):
            raise failure(
                "EK432",
                f"the store has no body for `{wanted[missing].key}`, so nothing was published",
                help="build again",
            )


def _write_index(txn: WriteTransaction, namespace: Namespace, index: tuple[IndexEntry, ...]) -> Changes:
    """Compare with what is really there, so that a damaged entry heals too."""
    wanted = {
        encode_key(entry.key): seal(bytes.fromhex(entry.digest)) for entry in index if entry.namespace == namespace
    }
    there = dict(txn.scan(namespace))
    # Assets of earlier releases stay, so that an old page never loses its style sheet.
    gone = [] if namespace == ASSETS else [key for key in there if key not in wanted]
    added = [key for key in wanted if key not in there]
    changed = [key for key, value in wanted.items() if there.get(key, value) != value]
    for key in gone:
        txn.delete(namespace, key)
    for key in sorted(added + changed):
        txn.put(namespace, key, wanted[key])
    return Changes(len(added), len(changed), len(gone))


def write_configs(txn: WriteTransaction, manifest: Manifest, now: float, *, file_wins: bool) -> None:
    """The configuration of each tier with its live edits, renewed; tiers that are gone go."""
    for tier, file in manifest.segments.items():
        edits = usable_edits(manifest, tier, read_edits(txn, tier))
        if file_wins:
            edits = unchanged_edits(edits, file)
            write_edits(txn, tier, edits)
        config = effective_config(file, edits)
        expires = expiry(now, manifest.ttl.segment)
        txn.put(SEGMENT_CONFIG, encode_key(tier), encode_record(f"tier `{tier}`", config, expires))
    tiers = {encode_key(tier) for tier in manifest.segments}
    for key in [key for key, _ in txn.scan(SEGMENT_CONFIG) if key not in tiers]:
        txn.delete(SEGMENT_CONFIG, key)
        if file_wins:
            txn.delete(EDGEKIT, live_key(key.decode()))

"""Publishing: one short transaction takes a store from one release to the next.

Readers see the old release or the new one. Bodies were staged before (`staging`); users are not touched.
"""

import msgspec

from edgekit.kv.releases import Published, current_manifest, current_release, write_publication
from edgekit.kv.store import LmdbStore
from edgekit.kv.switch import switch
from edgekit.model.keys import EDGEKIT, index_key, manifest_key, reads_key
from edgekit.model.manifest import Pack, encode_index, encode_manifest
from edgekit.model.reads import encode_reads


class Removal(msgspec.Struct, frozen=True):
    """How many pages the current release has, and how many of them a pack lacks."""

    before: int
    removed: int

    @property
    def share(self) -> float:
        return self.removed / self.before if self.before else 0.0


def count_removed_pages(store: LmdbStore, pack: Pack) -> Removal:
    """What publishing would remove. Raises EK433 if the current release cannot be read."""
    with store.snapshot() as snapshot:
        current = current_manifest(snapshot)
    before = current.routes.keys() if current else set[str]()
    return Removal(len(before), len(before - pack.manifest.routes.keys()))


def publish(store: LmdbStore, pack: Pack, now: float) -> Published:
    """Make a pack, whose bodies are staged, the current release; renew the configurations.

    Raises EK432 if a body is missing, EK420 or EK422 for a key or configuration no store takes, and what
    `LmdbStore.write` raises; then nothing has changed.
    """
    with store.write() as txn:
        previous = current_release(txn)
        changes = switch(txn, pack, now, file_wins=True)
        records = {
            manifest_key(pack.release): encode_manifest(pack.manifest),
            index_key(pack.release): encode_index(pack.index),
        }
        if pack.reads is not None:
            records[reads_key(pack.release)] = encode_reads(pack.reads)
        for key, value in records.items():
            # Traces are no part of a release's name: the same release may have another index, or read other templates.
            if txn.get(EDGEKIT, key) != value:
                txn.put(EDGEKIT, key, value)
        write_publication(txn, pack.release, now)
        return Published(pack.release, previous, changes)

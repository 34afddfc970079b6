"""Publishing: one short transaction takes a store from one release to the next.

Readers see the old release or the new one. Bodies were staged before (`staging`); users are not touched.
"""

import msgspec

from edgekit.kv.releases import Published, current_manifest, current_release, read_manifest, write_publication
from edgekit.kv.store import LmdbStore
from edgekit.kv.switch import Changes, switch, write_configs
from edgekit.model.keys import EDGEKIT, INDEX_NAMESPACES, built_key, index_key, manifest_key, reads_key
from edgekit.model.manifest import Pack, encode_index, encode_manifest
from edgekit.model.reads import encode_reads
from edgekit.project.basis import Basis, encode_basis


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


def publish(store: LmdbStore, pack: Pack, now: float, basis: Basis | None = None) -> Published:
    """Make a pack, whose bodies are staged, the current release; renew the configurations.

    `basis` is what it was built from, if that is known.
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
        if basis is not None:
            records[built_key(pack.release)] = encode_basis(basis)
        else:
            txn.delete(EDGEKIT, built_key(pack.release))
        for key, value in records.items():
            # Traces are no part of a release's name: the same release may have another index, or read other templates.
            if txn.get(EDGEKIT, key) != value:
                txn.put(EDGEKIT, key, value)
        write_publication(txn, pack.release, now)
        return Published(pack.release, previous, changes)


def forget_basis(store: LmdbStore) -> None:
    """Forget what the current release was built from, and what its pages read, so that the next build is a full one,
    which mends what it can."""
    with store.write() as txn:
        if (release := current_release(txn)) is not None:
            txn.delete(EDGEKIT, built_key(release))
            txn.delete(EDGEKIT, reads_key(release))


def publish_again(store: LmdbStore, release: str, now: float) -> Published | None:
    """What `publish` does with the pack of the current release, without a look at its entries.

    None, and nothing has changed, if `release` is not the current one. Raises EK433 if it cannot be read, and what
    `LmdbStore.write` raises.
    """
    with store.write() as txn:
        if current_release(txn) != release:
            return None
        write_configs(txn, read_manifest(txn, release), now, file_wins=True)
        write_publication(txn, release, now)
        return Published(release, release, dict.fromkeys(INDEX_NAMESPACES, Changes()))

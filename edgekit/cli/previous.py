"""The last build in a store, as the compiler takes it."""

from edgekit.compiler.record import Previous
from edgekit.kv.releases import current_reads, current_release, read_pack
from edgekit.kv.store import LmdbStore


def read_previous(store: LmdbStore) -> Previous | None:
    """The current release with its record; None in a store that has none of either. Raises EK433 if it is damaged."""
    with store.snapshot() as snapshot:
        release = current_release(snapshot)
        reads = current_reads(snapshot)
        return Previous(read_pack(snapshot, release), reads) if release is not None and reads is not None else None

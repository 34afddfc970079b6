"""The last build in a store, as the compiler takes it."""

from edgekit.compiler.record import Previous
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.releases import current_reads, current_release, read_pack
from edgekit.kv.transaction import LmdbSnapshot


def read_previous(snapshot: LmdbSnapshot) -> Previous | None:
    """The current release with its record; None where the store has none, or none that can be read."""
    release = current_release(snapshot)
    reads = current_reads(snapshot)
    if release is None or reads is None:
        return None
    try:
        return Previous(read_pack(snapshot, release), reads)
    except EdgekitError:
        return None

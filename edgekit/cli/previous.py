"""The last build in a store, as the compiler takes it."""

from edgekit.compiler.record import NO_BUILD, Previous
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.releases import current_reads, current_release, read_pack
from edgekit.kv.transaction import LmdbSnapshot


def read_previous(snapshot: LmdbSnapshot) -> Previous:
    """The build of the current release; NO_BUILD where the store has none, or none that can be read."""
    release = current_release(snapshot)
    reads = current_reads(snapshot)
    if release is None or reads is None:
        return NO_BUILD
    try:
        return Previous(read_pack(snapshot, release).index, reads)
    except EdgekitError:
        return NO_BUILD

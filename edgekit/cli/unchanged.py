"""Is a site as it is now what a store's current release was built from? Nothing of the site is loaded to tell."""

from datetime import datetime
from pathlib import Path

from edgekit.kv.releases import current_basis, current_release
from edgekit.kv.transaction import LmdbSnapshot
from edgekit.project.basis import Basis
from edgekit.project.fingerprint import Fingerprint


def find_unchanged(
    snapshot: LmdbSnapshot, root: Path, fingerprint: Fingerprint, build_time: datetime
) -> tuple[str, Basis] | None:
    """The current release and its basis, if building the site folder `root` as of `build_time` would give it again.

    `fingerprint` is the folder's as it is now. What cannot be read of a basis counts as changed.
    """
    release, basis = current_release(snapshot), current_basis(snapshot)
    if release is None or basis is None or not basis.holds(root, fingerprint, build_time):
        return None
    return release, basis

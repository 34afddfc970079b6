"""What `build` and `releases import` ask before a large part of the site goes."""

from typing import Final

from edgekit.diagnostics.diagnostic import failure
from edgekit.kv.publish import count_removed_pages
from edgekit.kv.store import LmdbStore
from edgekit.model.manifest import Pack

MAX_REMOVED: Final = 0.3
"""The share of its pages that a site loses at once only if somebody says so: the contract, section 9."""


def check_removal(store: LmdbStore, pack: Pack, *, yes: bool) -> None:
    """Raises EK480 if publishing the pack would remove more than that, unless `yes`."""
    removal = count_removed_pages(store, pack)
    if removal.share > MAX_REMOVED and not yes:
        raise failure(
            "EK480",
            f"{removal.removed} of {removal.before} published pages would be removed, so nothing is published",
            help="see whether data or pages are missing; if the pages shall go, say so with `--yes`",
            status=1,
        )

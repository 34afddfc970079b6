"""Whether this worker can answer, and from what."""

from typing import NamedTuple

from edgekit.model.keys import CURRENT, EDGEKIT
from edgekit.replay.reading import NoSnapshot, ReadError, Reading
from edgekit.replay.store import ReplayStore


class Health(NamedTuple):
    """`release` is what would be answered from, None if nothing can be; `is_readable` whether the store can be read.

    A release with a store that cannot be read is answered from memory.
    """

    release: str | None
    is_readable: bool


def check_health(store: ReplayStore) -> Health:
    """One look-up; the release is read if it is a new one, which the next request would do."""
    try:
        with store.snapshot() as snapshot:
            reading = Reading(snapshot)
            release = store.release(reading)
            reading.get(EDGEKIT, CURRENT)
            return Health(release.name if release else None, is_readable=True)
    except ReadError:
        return Health(release.name if release else None, is_readable=False)
    except Exception:  # whatever a store raises: the snapshot cannot be had
        release = store.release(Reading(NoSnapshot()))
        return Health(release.name if release else None, is_readable=False)

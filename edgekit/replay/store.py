"""A store as replay holds it: with the release in use and what is in memory of it."""

import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from edgekit.kv.reader import Snapshot, Store
from edgekit.model.keys import CURRENT, EDGEKIT
from edgekit.model.manifest import Identity
from edgekit.replay.identity.identification import Identification
from edgekit.replay.reading import NoSnapshot, ReadError, Reading, RefusedError
from edgekit.replay.release import Release

HELD_BYTES: Final = 64 * 1024 * 1024


class ReplayStore:
    """Any store, with replay's memory; one for the life of a server's worker, used by one thread at a time.

    `held_bytes` bounds the bodies kept in memory, error pages and their islands apart. `cpu_clock` gives the
    seconds of CPU that this thread has used. `identify` says how the visitors of a release are known; it raises
    RefusedError for one that cannot be served like that.
    """

    def __init__(
        self,
        store: Store,
        *,
        held_bytes: int = HELD_BYTES,
        cpu_clock: Callable[[], float] = time.thread_time,
        identify: Callable[[Identity], Identification] = Identification,
    ) -> None:
        self._identify = identify
        self._store = store
        self._held_bytes = held_bytes
        self.cpu_clock = cpu_clock
        self._version: int | None = None
        self._release: Release | None = None
        self._refused: tuple[str, str] | None = None  # the release's name, and why

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        return self._store.snapshot()

    def load(self) -> None:
        """Read the release before anybody asks: its error pages are held from then on.

        One that cannot be read whole is left to the first request, whose response tells of it.
        """
        with contextlib.suppress(Exception), self.snapshot() as snapshot:
            release = self.release(Reading(snapshot))
            if release is None or not release.is_whole:
                self._release = self._version = None

    def release(self, reading: Reading) -> Release | None:
        """The release of the snapshot, read again only if there was a write since; None if nothing is published.

        If it cannot be read, the one in use stays, and the snapshot is given up: it may be of another release.
        """
        try:
            version = reading.snapshot.version
            if version != self._version:
                name = reading.get(EDGEKIT, CURRENT)
                if name is None:
                    raise ReadError(f"{EDGEKIT} names no current release")
                if self._release is None or name.decode("ascii", "replace") != self._release.name:
                    self._release = self._read_release(name.decode("ascii", "replace"), reading)
                self._version = version
            elif self._release is not None and not self._release.is_whole:
                self._release.hold_error_pages(Reading(reading.snapshot))  # what it lacks was told of at first
        except ReadError as error:
            source = "from memory" if self._release else "without a release"
            reading.fall_back("release", f"{error}; answered {source}")
            reading.snapshot = NoSnapshot()
        reading.reads = 0
        return self._release

    def _read_release(self, name: str, reading: Reading) -> Release:
        if self._refused is not None and self._refused[0] == name:  # to read it at each request takes long
            raise RefusedError(self._refused[1])
        try:
            return Release(name, reading, self._held_bytes, self._identify)
        except RefusedError as error:
            self._refused = name, str(error)
            raise

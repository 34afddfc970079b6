"""A bad day at the edge, on purpose: look-ups that fail or take long, answers that take CPU, workers that start late.

Nothing here blocks: how late an answer is, is summed up, and the application waits for that long before it sends it. So
a slow look-up holds up its own answer and no other, as at an edge, and CPU that is only said to be used heats nobody.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from edgekit.kv.reader import Snapshot, Store
from edgekit.model.keys import Namespace
from edgekit.model.manifest import Identity
from edgekit.replay.identity.identification import Identification
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore


class Faults(msgspec.Struct, frozen=True):
    """`kv_read` is the chance that a look-up fails, from 0 to 1; all else is in seconds.

    `latency` is what each look-up takes, `cpu` the CPU that each answer takes beside its own, and `cold_start` how long
    a worker is not ready after its first request came.
    """

    kv_read: float = 0
    latency: float = 0
    cpu: float = 0
    cold_start: float = 0


class BadDay:
    """The bad day of one worker. `chance` gives numbers from 0 to 1, `clock` seconds."""

    def __init__(
        self,
        faults: Faults,
        *,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._faults = faults
        self._chance = chance
        self._clock = clock
        self._ready: float | None = None
        self._used = 0.0

    def open(self, store: Store, *, identify: Callable[[Identity], Identification] = Identification) -> ReplayStore:
        """`store` as it is on this day, with the current release in memory: an edge has that before any request.

        `identify` is as for any ReplayStore.
        """
        faulty = _FaultyStore(store, self._chance)
        replayed = ReplayStore(faulty, cpu_clock=self._cpu_clock, identify=identify)
        replayed.load()
        faulty.kv_read = self._faults.kv_read
        return replayed

    def delay(self, response: Response) -> float:
        """For how many seconds this answer, made just now, is to wait."""
        now = self._clock()
        if self._ready is None:
            self._ready = now + self._faults.cold_start
        start = max(0.0, self._ready - now)
        return start + self._faults.cpu + self._faults.latency * response.reads

    def _cpu_clock(self) -> float:
        """The thread's CPU, and between any two looks at it `cpu` more: `respond` looks before an answer and after."""
        self._used += self._faults.cpu
        return time.thread_time() + self._used


class _FaultyStore:
    """A store of which the share `kv_read` of all look-ups fails, none at first."""

    def __init__(self, store: Store, chance: Callable[[], float]) -> None:
        self._store = store
        self._chance = chance
        self.kv_read = 0.0

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        with self._store.snapshot() as snapshot:
            yield _FaultySnapshot(snapshot, self._fails)

    def _fails(self) -> bool:
        return self._chance() < self.kv_read


class _FaultySnapshot:
    """A look-up that fails does so whenever it is tried again here.

    Tries that failed apart from each other would hide the day: of look-ups that fail once in a hundred times, one in a
    million does so three times.
    """

    def __init__(self, snapshot: Snapshot, fails: Callable[[], bool]) -> None:
        self._snapshot = snapshot
        self._fails = fails
        self._failing: dict[tuple[Namespace, str | bytes], bool] = {}

    @property
    def version(self) -> int:
        return self._snapshot.version

    def get(self, namespace: Namespace, key: str | bytes) -> bytes | None:
        place = namespace, key
        if place not in self._failing:
            self._failing[place] = self._fails()
        if self._failing[place]:
            raise OSError("--fault kv-read")
        return self._snapshot.get(namespace, key)

"""`--lag`: a store whose users are seen as they were before the events of the last seconds.

So it is at an edge that keeps what it read for a while, as Workers KV does for a minute.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from edgekit.kv.earlier import shown_earlier
from edgekit.kv.reader import Snapshot, Store
from edgekit.model.keys import EDGEKIT, USER_SEGMENTS, Namespace, earlier_key, hash_id


class LaggingStore:
    """`clock` gives Unix seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        with self._store.snapshot() as snapshot:
            yield _LaggingSnapshot(snapshot, self._clock())


class _LaggingSnapshot:
    def __init__(self, snapshot: Snapshot, now: float) -> None:
        self._snapshot = snapshot
        self._now = now

    @property
    def version(self) -> int:
        return self._snapshot.version

    def get(self, namespace: Namespace, key: str | bytes) -> bytes | None:
        if namespace == USER_SEGMENTS and isinstance(key, str):
            try:
                kept = self._snapshot.get(EDGEKIT, earlier_key(hash_id(key)))
                earlier = None if kept is None else shown_earlier(kept, self._now)
            except (msgspec.MsgspecError, UnicodeEncodeError):  # damaged, or an id that no store has
                earlier = None
            if earlier is not None:
                return earlier.stored
        return self._snapshot.get(namespace, key)

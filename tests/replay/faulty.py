"""A store that fails as it is told."""

from typing import Self

from edgekit.kv.reader import MemoryStore
from edgekit.model.keys import Namespace
from tests.replay.published import Namespaces


class FaultyStore(MemoryStore):
    """Fails the next `failures` reads of a namespace, or of snapshots under the name `snapshot`."""

    def __init__(self, namespaces: Namespaces) -> None:
        super().__init__(namespaces)
        self.stored = namespaces
        self.failures: dict[str, float] = {}

    def get(self, namespace: Namespace, key: str | bytes) -> bytes | None:
        self.fail(namespace)
        return super().get(namespace, key)

    def snapshot(self) -> Self:
        self.fail("snapshot")
        return self

    def fail(self, what: str) -> None:
        if self.failures.get(what, 0) > 0:
            self.failures[what] -= 1
            raise OSError("a bad day")

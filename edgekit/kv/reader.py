"""What replay needs of any store: consistent snapshots, read by namespace and key."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from edgekit.model.keys import Namespace


class Snapshot(Protocol):
    """One moment of a store. `version` differs between two moments with a write between them."""

    @property
    def version(self) -> int: ...

    def get(self, namespace: Namespace, key: str | bytes) -> bytes | None:
        """The stored bytes (with their envelope), or None. Keys of VALUES are digests, `bytes`; all others are text."""
        ...


class Store(Protocol):
    def snapshot(self) -> AbstractContextManager[Snapshot]: ...


class MemoryStore:
    """A store that is a mapping, for tests and for compiling a page without publishing it; itself its one snapshot."""

    def __init__(self, namespaces: Mapping[Namespace, Mapping[str | bytes, bytes]], version: int = 1) -> None:
        self.namespaces = namespaces
        self.version = version

    def snapshot(self) -> Self:
        return self

    def get(self, namespace: Namespace, key: str | bytes) -> bytes | None:
        return self.namespaces.get(namespace, {}).get(key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        return None

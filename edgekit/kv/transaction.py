"""Reading one moment of a store, and changing it: the two kinds of transactions."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import lmdb

from edgekit.kv.lmdberror import read_error
from edgekit.model.keys import Namespace


class LmdbSnapshot:
    """One release, and users and configurations of the same moment; belongs to one thread, ends with its `with`."""

    __slots__ = ("_databases", "_get", "_path", "_txn")

    def __init__(self, txn: lmdb.Transaction, databases: dict[Namespace, Any], path: Path) -> None:
        self._txn = txn
        self._get: Any = txn.get
        self._databases = databases
        self._path = path

    @property
    def version(self) -> int:
        return self._txn.id()

    def get(self, namespace: Namespace, key: str | bytes) -> bytes | None:
        """A copy of the stored bytes, or None, also for a key that no store can hold.

        Raises EK425 if LMDB cannot follow its own file.
        """
        try:
            stored: bytes | None = self._get(
                key.encode() if isinstance(key, str) else key, None, self._databases[namespace]
            )
            return stored
        except (lmdb.BadValsizeError, UnicodeEncodeError):
            return None
        except lmdb.Error as error:
            raise read_error(self._path, error) from error

    def scan(self, namespace: Namespace, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Keys and values in byte order."""
        return _scan(self._txn, self._databases[namespace], self._path, prefix, values=True)

    def keys(self, namespace: Namespace, prefix: bytes = b"") -> Iterator[bytes]:
        """Keys in byte order; reads no value."""
        return _scan(self._txn, self._databases[namespace], self._path, prefix, values=False)

    def count(self, namespace: Namespace) -> int:
        return int(self._txn.stat(self._databases[namespace])["entries"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._txn.abort()


class WriteTransaction:
    """Every change of a store goes through one of these: all of its changes are kept, or none."""

    def __init__(self, txn: lmdb.Transaction, databases: dict[Namespace, Any], path: Path) -> None:
        self._txn = txn
        self._databases = databases
        self._path = path

    def get(self, namespace: Namespace, key: str | bytes) -> bytes | None:
        stored: Any = self._txn.get(_raw(key), None, self._databases[namespace])
        return stored  # type: ignore[no-any-return]

    def scan(self, namespace: Namespace, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        return _scan(self._txn, self._databases[namespace], self._path, prefix, values=True)

    def last_key(self, namespace: Namespace, prefix: bytes) -> bytes | None:
        """The last key in byte order that begins so; no other may begin with `prefix` and a byte of 0xFF."""
        with self._txn.cursor(self._databases[namespace]) as cursor:
            if cursor.set_range(prefix + b"\xff"):
                cursor.prev()
            else:
                cursor.last()
            key: Any = cursor.key()
        return cast(bytes, key) if key.startswith(prefix) else None

    def missing(self, namespace: Namespace, keys: Iterable[bytes]) -> Iterator[bytes]:
        """Those of the keys that are not there; reads no value."""
        with self._txn.cursor(self._databases[namespace]) as cursor:
            for key in keys:
                if not cursor.set_key(key):
                    yield key

    def put(self, namespace: Namespace, key: str | bytes, value: bytes) -> None:
        self._txn.put(_raw(key), value, db=self._databases[namespace])

    def put_many(self, namespace: Namespace, items: Iterable[tuple[bytes, bytes]]) -> None:
        """As `put` for each, faster; of equal keys the last counts."""
        with self._txn.cursor(self._databases[namespace]) as cursor:
            cursor.putmulti(items)

    def delete(self, namespace: Namespace, key: str | bytes) -> bool:
        """Whether it was there."""
        return bool(self._txn.delete(_raw(key), db=self._databases[namespace]))

    def commit(self) -> None:
        self._txn.commit()

    def abort(self) -> None:
        self._txn.abort()


def _scan(txn: lmdb.Transaction, database: Any, path: Path, prefix: bytes, *, values: bool) -> Iterator[Any]:
    """Keys, or keys and `values`, that begin so."""
    try:
        with txn.cursor(database) as cursor:
            if not (cursor.set_range(prefix) if prefix else cursor.first()):
                return
            for item in cast(Any, cursor).iternext(keys=True, values=values):
                if not (item[0] if values else item).startswith(prefix):
                    return
                yield item
    except lmdb.Error as error:
        raise read_error(path, error) from error


def _raw(key: str | bytes) -> bytes:
    return key.encode() if isinstance(key, str) else key

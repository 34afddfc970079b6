"""The store: one LMDB file, read by snapshots and changed by write transactions.

LMDB allows one Environment a file and process, so a second `open_store` shares the first's; none survives a fork.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import lmdb

from edgekit.diagnostics.diagnostic import failure
from edgekit.kv.datafile import damaged, open_file, read_metas
from edgekit.kv.environment import allocate_lock, create_file, lock_file, open_environment
from edgekit.kv.lmdberror import read_error, write_error
from edgekit.kv.pages import DamageError, check_pages
from edgekit.kv.transaction import LmdbSnapshot, WriteTransaction
from edgekit.model.keys import EDGEKIT, FORMAT, NAMESPACES, Namespace
from edgekit.model.manifest import FORMAT_VERSION


class LmdbStore:
    """An open store. Made by `open_store`; any number of threads may take snapshots of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.users = 1
        lock = lock_file(path)
        locked = os.access(lock if lock.exists() else path.parent, os.W_OK)
        self.read_only = not (locked and os.access(path, os.W_OK))
        while not self._open(lock if locked else None):
            pass

    def _open(self, lock: Path | None) -> bool:
        """False if another file took this one's place meanwhile: LMDB waits for who compacts it."""
        path = self.path
        file = open_file(path)
        try:
            read_metas(file, path)
            if lock is not None:
                allocate_lock(lock)
            self._env = open_environment(path, readonly=self.read_only, lock=lock is not None)
            try:
                if not os.path.samestat(os.fstat(file), path.stat()):
                    self._env.close()
                    return False
                # Slots of readers that were killed would keep old pages for ever.
                self._env.reader_check()
                self._check_pages(file)
                self._databases = self._open_databases()
                self._file = os.fstat(file)
            except lmdb.Error as error:
                self._env.close()
                raise read_error(path, error) from error
            except BaseException:
                self._env.close()
                raise
        finally:
            os.close(file)
        self._begin = self._env.begin
        return True

    def _check_pages(self, file: int) -> None:
        # The open transaction keeps writers from using this state's pages again. Without a lock file it does not,
        # so damage counts only if the state is still the newest.
        while True:
            with self._env.begin() as txn:
                meta = next((m for m in read_metas(file, self.path) if m.transaction == txn.id()), None)
                if meta is None:
                    continue
                try:
                    return check_pages(file, meta)
                except DamageError as damage:
                    if meta == read_metas(file, self.path)[0]:
                        raise damaged(self.path, str(damage)) from None

    def _open_databases(self) -> dict[Namespace, Any]:
        """Handles of all namespaces. LMDB waits here for another process's write transaction to end."""
        try:
            databases: dict[Namespace, Any] = {
                name: self._env.open_db(name.encode(), create=False) for name in NAMESPACES
            }
            with self._env.begin() as txn:
                _check_format(txn.get(FORMAT.encode(), None, databases[EDGEKIT]), self.path)
            return databases
        except lmdb.NotFoundError:
            raise failure(
                "EK426",
                f"`{self.path}` is an LMDB file of another program",
                help="name another file for the store; this one is left as it is",
            ) from None

    def snapshot(self) -> LmdbSnapshot:
        """The store as it is now.

        Raises EK425, or EK428 when more readers are open than the store has places for.
        """
        try:
            return LmdbSnapshot(self._begin(), self._databases, self.path)
        except lmdb.Error as error:
            raise read_error(self.path, error) from error

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        """A transaction that commits when its `with` ends, and is undone by an exception; waits for other writers.

        Raises EK428 for a store that cannot be written or is not in its place any more, EK430 when the disk is full,
        EK425.
        """
        if self.read_only:
            raise failure(
                "EK428",
                f"the store `{self.path}` cannot be written",
                help="see to the permissions of it and its folder",
            )
        txn = None
        try:
            txn = WriteTransaction(self._begin(write=True), self._databases, self.path)
            self._check_place()
            yield txn
            txn.commit()
        except lmdb.BadValsizeError:
            # A key that was not checked: our bug.
            raise
        except lmdb.Error as error:
            raise write_error(self.path, error) from error
        finally:
            # After a commit this does nothing.
            if txn is not None:
                txn.abort()

    def _check_place(self) -> None:
        """What is written to a file that another one has replaced would be lost. Raises EK428."""
        try:
            if os.path.samestat(self._file, self.path.stat()):
                return
        except OSError:
            pass
        raise failure(
            "EK428",
            f"the store `{self.path}` was removed or replaced while it was open",
            help="start again what has it open; a running server gets another release by `edgekit releases import`",
        )

    def copy_compact(self, file: int) -> None:
        """Write the store as it is now, without its free pages, to an open file: LMDB counts transactions anew there.

        Raises EK430, EK425.
        """
        try:
            self._env.copyfd(file, compact=True)
        except lmdb.Error as error:
            raise write_error(self.path, error) from error

    def close(self) -> None:
        """Give it back; the last to do so closes the file."""
        with _registry_lock:
            self.users -= 1
            if self.users == 0:
                _open_stores.remove(self)
                self._env.close()

    def leave_to_parent(self) -> None:
        """In a child process: the environment is the parent's. Even closing it would take the parent's reader slots."""
        self._begin = _refuse_after_fork

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def open_store(path: Path, *, create: bool = False) -> LmdbStore:
    """The store in a file, checked; a second call for the same file shares it. `create` makes a missing one.

    Raises EdgekitError: EK423 missing, EK424 no LMDB file, EK425 damaged, EK426 another program's, EK427 newer,
    EK428 no permission, EK429 network file system, EK430 disk full.
    """
    real = Path(os.path.realpath(path))
    with _registry_lock:
        if create and not real.exists():
            create_file(real)
        for store in _open_stores:
            if _same_file(store.path, real):
                store.users += 1
                return store
        if any(_same_file(store.path, real) for store in _inherited):
            _refuse_after_fork()
        store = LmdbStore(real)
        _open_stores.append(store)
        return store


_registry_lock = threading.Lock()
_open_stores: list[LmdbStore] = []
_inherited: list[LmdbStore] = []


def _after_fork() -> None:
    global _registry_lock
    _registry_lock = threading.Lock()
    for store in _open_stores:
        store.leave_to_parent()
    # Kept: what is collected is closed.
    _inherited.extend(_open_stores)
    _open_stores.clear()


os.register_at_fork(after_in_child=_after_fork)


def _refuse_after_fork(*args: object, **kwargs: object) -> Any:
    raise RuntimeError("a store that was opened before a fork is the parent's: open stores in the child")


def _check_format(stored: bytes | None, path: Path) -> None:
    if stored == str(FORMAT_VERSION).encode():
        return
    if stored is not None and stored.isdigit() and int(stored[:9]) > FORMAT_VERSION:
        raise failure(
            "EK427",
            f"the store `{path}` has edgekit's format {int(stored[:9])}; this edgekit reads {FORMAT_VERSION}",
            help="use the edgekit that wrote it, or a newer one",
        )
    raise damaged(path, "its format version cannot be read")


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False

"""Compacting: the store is copied without its free pages, and the copy takes its place.

A process that had the old file open would go on reading it, and what it wrote would be lost. So this is done only
while nobody else has the store open, and LMDB's own protocol says whether somebody has: every process that opens a file
locks the first byte of its lock file, shared, or waits there while somebody has it for himself (mdb.c,
mdb_env_setup_locks). Who waited finds the new file in the old one's place (`LmdbStore`).

The lock file stays. It notes the last transaction, by which LMDB chooses one of the two meta pages; a copy's
transactions begin at 1. So before it is moved in place, the copy gets the number of the transaction that it is a copy
of, and its other meta page the number before. A crash at any point leaves the one file or the other, whole.
"""

import os
from fcntl import LOCK_EX, LOCK_NB, lockf
from pathlib import Path

import msgspec

from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.kv.datafile import HEADER, META, read_metas
from edgekit.kv.environment import lock_file
from edgekit.kv.lmdberror import FULL, disk_full
from edgekit.kv.store import LmdbStore, open_store


class Compacted(msgspec.Struct, frozen=True):
    """Bytes of the store's file."""

    before: int
    after: int


def compact(path: Path) -> Compacted:
    """Compact a store; the caller holds its build lock, and this process has it open nowhere.

    Raises EK447 while another process has it open, EK430 (disk full), EK428, and what `open_store` raises; then the
    store is as it was before.
    """
    real = Path(os.path.realpath(path))
    aside = real.with_name(real.name + ".compact")
    lock = -1
    try:
        with open_store(real) as store:
            if store.read_only:
                raise failure("EK428", f"the store `{path}` cannot be written", help="see to its permissions")
            lock = os.open(lock_file(real), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            _lock_alone(lock, path)
            before = real.stat()
            _write_copy(store, aside, before)
            after = aside.stat().st_size
            os.rename(aside, real)
            _sync_folder(real.parent)
        return Compacted(before.st_size, after)
    except OSError as error:
        raise _io_error(path, error) from None
    finally:
        aside.unlink(missing_ok=True)
        if lock >= 0:
            # Not before the store is closed: with any descriptor of a file all its locks of this process go.
            os.close(lock)


def _lock_alone(lock: int, path: Path) -> None:
    try:
        lockf(lock, LOCK_EX | LOCK_NB, 1)
    except (BlockingIOError, PermissionError):
        raise failure(
            "EK447",
            f"another process has the store `{path}` open, so it cannot be compacted",
            help=f"stop what serves or changes it, and start it again afterwards; `fuser {path}` names the process",
        ) from None


def _write_copy(store: LmdbStore, aside: Path, original: os.stat_result) -> None:
    """The copy on disk, with the owner and permissions of the original."""
    aside.unlink(missing_ok=True)  # of one that was killed
    file = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.fchown(file, original.st_uid, original.st_gid)
        os.fchmod(file, original.st_mode & 0o777)
        store.copy_compact(file)
        with store.snapshot() as snapshot:
            _number(file, aside, snapshot.version)
        os.fsync(file)
    finally:
        os.close(file)


def _number(file: int, aside: Path, transaction: int) -> None:
    """Both meta pages are of the same trees."""
    newest = read_metas(file, aside)[0]
    place = newest.transaction % 2 * newest.page_size + HEADER.size
    *fields, _ = META.unpack(os.pread(file, META.size, place))
    for number in (transaction, transaction - 1):
        os.pwrite(file, META.pack(*fields, number), number % 2 * newest.page_size + HEADER.size)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _io_error(path: Path, error: OSError) -> EdgekitError:
    if error.errno in FULL:
        return disk_full(path)
    return failure(
        "EK428",
        f"the store `{path}` cannot be replaced: {error.strerror}",
        help="compact it as the user that owns it, with permission to write to its folder",
    )

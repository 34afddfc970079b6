"""LMDB's environment of a store's file: how it is opened, and how a new one is made.

The rules of LMDB that shape it (all tried): a map that grows leaves dangling buffers, so it is opened large; WRITEMAP
is a SIGBUS on a full disk, and so is a lock file whose blocks are not there, so they are allocated before it is mapped.
"""

import os
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any, Final

import lmdb

from edgekit.diagnostics.diagnostic import failure
from edgekit.kv.lmdberror import FULL, disk_full, write_error
from edgekit.model.keys import EDGEKIT, FORMAT, NAMESPACES
from edgekit.model.manifest import FORMAT_VERSION

MAP_SIZE: Final = 64 * 1024**3
"""Address space, not disk or memory; also the most a store can hold."""
MAX_READERS: Final = 512
_LOCK_BYTES: Final = 64 * (MAX_READERS + 2)
"""LMDB's lock file: a header and 64 bytes (a cache line) for each reader."""
_MODE: Final = 0o640
"""Of new files: a store holds people's records."""
_OPTIONS: Final[dict[str, Any]] = {
    "map_size": MAP_SIZE,
    "subdir": False,
    "max_dbs": len(NAMESPACES),
    "max_readers": MAX_READERS,
    "mode": _MODE,
    "lib_version": 0,  # LMDB 0.9's data format, whatever the library's default
}


def create_file(path: Path) -> None:
    """An empty store, built aside and moved in place, so that there is never half of one."""
    aside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
        try:
            flock(file, LOCK_EX)
            # Another process was faster: `aside` is the store by now, or not there any more.
            if path.exists():
                return
            os.ftruncate(file, 0)
            env = open_environment(aside, readonly=False, lock=False)
            with env, env.begin(write=True) as txn:
                for name in NAMESPACES:
                    env.open_db(name.encode(), txn=txn)
                database = env.open_db(EDGEKIT.encode(), txn=txn)
                txn.put(FORMAT.encode(), str(FORMAT_VERSION).encode(), db=database)
            os.rename(aside, path)
        finally:
            os.close(file)
    except lmdb.Error as error:
        raise write_error(path, error) from error
    except OSError as error:
        if error.errno in FULL:
            raise disk_full(path) from error
        raise failure(
            "EK428", f"the store `{path}` cannot be made: {error.strerror}", help="see to the permissions of its folder"
        ) from None


def open_environment(path: Path, *, readonly: bool, lock: bool) -> lmdb.Environment:
    try:
        return lmdb.Environment(os.fsencode(path), readonly=readonly, lock=lock, **_OPTIONS)
    except lmdb.Error as error:
        raise write_error(path, error) from error


def lock_file(path: Path) -> Path:
    """LMDB's lock file of a store's file."""
    return path.with_name(path.name + "-lock")


def allocate_lock(lock: Path) -> None:
    """LMDB maps its lock file and writes to it: on a full disk that is a SIGBUS, unless its blocks are there."""
    try:
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file, 0, _LOCK_BYTES)
        finally:
            os.close(file)
    except OSError as error:
        if error.errno in FULL:
            raise disk_full(lock) from None
        raise failure("EK428", f"`{lock}` cannot be written: {error.strerror}", help="see to its permissions") from None

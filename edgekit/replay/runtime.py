"""The folder in which the workers of one server find each other's files.

It is locked by an flock, which every worker inherits and the kernel frees when the last of them ends, however that
happens. What nobody locks any more is of a server that was killed, and the next one that starts removes it.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Final

from edgekit.replay.listeners import MARK, create_mark

_PREFIX: Final = "edgekit-serve-"


@contextmanager
def runtime_folder() -> Iterator[Path]:
    """A folder that only this user can look into; it goes with all that is in it. Made by the workers' parent."""
    _remove_abandoned(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = _open_folder(folder)
    try:
        with suppress(OSError):  # a file system without such locks, where nothing is ever removed by another server
            flock(lock, LOCK_EX)
        create_mark(folder)  # only now may another server look who locks it
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_abandoned(parent: Path) -> None:
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with suppress(OSError):  # another's, locked, or just removed by another
                    _remove_if_abandoned(Path(entry.path))


def _remove_if_abandoned(folder: Path) -> None:
    """Remove it if it is this user's and no server's; nothing else, whoever may write beside it. Raises OSError."""
    opened = _open_folder(folder)
    try:
        found = os.fstat(opened)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
            return
        flock(opened, LOCK_EX | LOCK_NB)
        names = os.listdir(opened)
        if MARK not in names:
            return
        for name in sorted(names, key=MARK.__eq__):  # the mark last: killed meanwhile, the next one goes on
            os.unlink(name, dir_fd=opened)
        os.rmdir(folder)
    finally:
        os.close(opened)


def _open_folder(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)

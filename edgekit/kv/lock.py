"""The build lock: one builder of a store at a time, by an flock on a file beside it that names the process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path

from edgekit.diagnostics.diagnostic import failure
from edgekit.kv.datafile import open_file, read_metas


@contextmanager
def build_lock(store: Path, wait: bool = False) -> Iterator[None]:
    """Hold the lock of the store at this path (which need not exist yet); `wait` until another builder is done.

    The kernel frees it when the process ends, however it ends; the file stays. A child that is forked meanwhile does
    not hold it.
    Raises EK431 with the other builder's process, EK428 if the file cannot be made, and what reading a store raises if
    something else is in its place; then no file is made beside it.
    """
    real = Path(os.path.realpath(store))
    if os.path.exists(real):  # where it cannot be looked for, neither can the lock be made
        _check(real)
    path = Path(f"{real}.build")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    except OSError as error:
        raise failure(
            "EK428", f"`{path}` cannot be written: {error.strerror}", help="see to the permissions of its folder"
        ) from None
    _held.add(file)
    try:
        try:
            flock(file, LOCK_EX | (0 if wait else LOCK_NB))
        except BlockingIOError:
            holder = os.pread(file, 20, 0).decode(errors="replace").strip() or "?"
            raise failure(
                "EK431",
                f"process {holder} is building into `{store}`",
                help="wait for it to end, or let `--wait` do so",
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(file, 0)
    finally:
        if file in _held:
            _held.remove(file)
            flock(file, LOCK_UN)  # a child that was forked just now may not have closed its copy yet
            os.close(file)


def _check(store: Path) -> None:
    file = open_file(store)
    try:
        read_metas(file, store)
    finally:
        os.close(file)


_held: set[int] = set()


def _leave_to_parent() -> None:
    """In a child: an flock lasts until the last copy of its descriptor is closed."""
    while _held:
        os.close(_held.pop())


os.register_at_fork(after_in_child=_leave_to_parent)

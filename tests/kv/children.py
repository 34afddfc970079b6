"""Child processes for faults: forked from the warm test process, which must have no store open meanwhile."""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgekit.kv.store import open_store
from tests.kv.packs import Pages, pages_in


def start(work: Callable[[], object]) -> int:
    """Fork a child that does the work and exits with 0, or with 99 if it raises; its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
        os._exit(99)


def end_of(pid: int) -> int:
    """Exit status; the negative number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def run(work: Callable[[], object]) -> int:
    return end_of(start(work))


@contextmanager
def holding_snapshot(path: Path, expected: Pages) -> Iterator[None]:
    """A child that has a snapshot of the store meanwhile, and must find these pages in it at the end."""
    ready, go = os.pipe(), os.pipe()

    def hold() -> None:
        with open_store(path) as store, store.snapshot() as snapshot:
            version = snapshot.version
            os.write(ready[1], b"r")
            os.read(go[0], 1)
            assert snapshot.version == version
            assert pages_in(snapshot) == expected

    reader = start(hold)
    try:
        os.read(ready[0], 1)
        yield
    finally:
        os.write(go[1], b"g")
        status = end_of(reader)
        for end in (*ready, *go):
            os.close(end)
    assert status == 0

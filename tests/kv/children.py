"""Child processes for faults: forked from the warm test process, which must have no store open meanwhile."""

import os
import sys
import traceback
from collections.abc import Callable


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

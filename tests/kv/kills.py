"""Killing a child at one of its store operations: how many there are, and what dies before or after which."""

import os
import signal
from collections.abc import Callable
from typing import Final, Literal

from edgekit.kv.transaction import WriteTransaction
from tests.kv.children import run

Moment = Literal["before", "after"]
MOMENTS: Final[tuple[Moment, ...]] = ("before", "after")

_OPERATIONS: Final = ("put", "delete", "commit")


def count_operations(work: Callable[[], object]) -> int:
    """How many operations the work has, done in a child."""
    reading, writing = os.pipe()

    def counted() -> None:
        _watch("after", lambda: os.write(writing, b"."))
        work()

    assert run(counted) == 0
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        return len(pipe.read())


def kill(work: Callable[[], object], moment: Moment, number: int) -> None:
    """Do the work in a child that is killed before or after its operation of this number, from 0."""

    def killed() -> None:
        left = [number]

        def count() -> None:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        _watch(moment, count)
        work()

    assert run(killed) == -signal.SIGKILL


def _watch(moment: Moment, call: Callable[[], object]) -> None:
    """In a child: from now on, call this before or after every operation."""
    for name in _OPERATIONS:
        operation = getattr(WriteTransaction, name)

        def watched(self: object, *args: object, operation: Callable[..., object] = operation) -> object:
            if moment == "before":
                call()
            result = operation(self, *args)
            if moment == "after":
                call()
            return result

        setattr(WriteTransaction, name, watched)

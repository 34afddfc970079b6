"""A command that is asked to end, and has something to remove before."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Final, NoReturn

_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


class _Killed(KeyboardInterrupt):
    """Whoever lets Ctrl-C pass lets this pass: a page's error is a finding, whatever it is."""


@contextmanager
def unwind_when_killed() -> Iterator[None]:
    """Within the `with` SIGTERM and SIGHUP undo what is open, as Ctrl-C does; then the process ends by that signal."""
    if current_thread() is not main_thread():  # only there may signals be handled
        yield
        return
    owner = os.getpid()
    received = signal.SIGTERM

    def unwind(number: int, frame: FrameType | None) -> NoReturn:
        nonlocal received
        if os.getpid() != owner:  # a process that was forked here has nothing to remove
            os._exit(128 + number)
        received = signal.Signals(number)
        for other in handled:
            signal.signal(other, signal.SIG_IGN)
        raise _Killed

    # What is ignored, as SIGHUP under nohup, or handled by somebody else stays so.
    handled = [number for number in _SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in handled:
        signal.signal(number, unwind)
    try:
        yield
    except _Killed:
        signal.signal(received, signal.SIG_DFL)
        os.kill(owner, received)
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)

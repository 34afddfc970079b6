"""A worker's life beside its answers: it ends when it is told to, however early, and with the server's own process."""

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

from edgekit.replay.asgi import Endpoint
from edgekit.replay.limits import STOP_SECONDS

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)
_WATCH_SECONDS: Final = 0.5


def heed_signals_in_workers() -> None:
    """Have each worker that is forked from now on end if it is told to before it is ready."""
    os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_heed_signals)


def load_in_worker(load: Callable[[], Endpoint], parent: int) -> Endpoint:
    """What `load` makes, in a worker that from now on ends with the process of this id."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return load()


def _hold_signals() -> None:
    """What a worker is sent before it has run at all is kept until it heeds it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)


def _release_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)


def _heed_signals() -> None:
    """The handlers that a worker inherits would swallow what it is sent."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the server's matter
    _release_signals()


def _end_with(parent: int) -> None:
    """End this worker, as a signal would, when the process that replaces and stops workers is gone."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)

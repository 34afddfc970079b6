"""A worker that is told to end ends, however early."""

import os
import signal
import time

from edgekit.replay.worker import heed_signals_in_workers
from tests.kv.children import end_of, run, start


def test_a_worker_that_is_told_to_end_before_it_runs_does_so() -> None:
    def parent() -> None:
        signal.signal(signal.SIGTERM, lambda *_: None)
        os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
        heed_signals_in_workers()
        worker = start(lambda: time.sleep(10))
        assert end_of(worker) == -signal.SIGTERM
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()

    assert run(parent) == 0

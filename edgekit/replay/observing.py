"""What is told of each answer: a critical event is a JSON line on stderr; listeners of the tail, and the metrics."""

import sys
from collections.abc import Callable
from pathlib import Path

from edgekit.replay.listeners import Listeners
from edgekit.replay.metrics import Metrics
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.tail import build_event, encode_event, is_critical

Observe = Callable[[Request, Response], None]
"""What is called for each answer, once it is sent."""


class Observer:
    """Of one worker, for its life; `folder` is the server's runtime folder."""

    def __init__(self, folder: Path) -> None:
        self.metrics = Metrics(folder)
        self._listeners = Listeners(folder)

    def observe(self, request: Request, response: Response) -> None:
        """Called for each answer, once it is sent."""
        self.metrics.count(response)
        self._listeners.tell(request, response)
        if is_critical(response):
            sys.stderr.buffer.write(encode_event(build_event(request, response)) + b"\n")
            sys.stderr.buffer.flush()

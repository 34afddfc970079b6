"""What is told of each answer: a critical event is a JSON line on stderr."""

import sys

from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.tail import build_event, encode_event


def observe(request: Request, response: Response) -> None:
    """Called for each answer, once it is sent."""
    if response.logs or response.outcome != "ok":
        sys.stderr.buffer.write(encode_event(build_event(request, response)) + b"\n")
        sys.stderr.buffer.flush()

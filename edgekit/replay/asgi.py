"""The types of ASGI, and what every reader of a scope needs.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from edgekit.replay.request import Request

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]
"""Answers a request on its connection: what needs sockets or a body, which `respond` has not."""

_NO_HOST: Final = (b"host", b"")


def read_request(scope: Scope) -> Request:
    """The request of a scope, as of now. Where a request has no Host, granian has an empty one."""
    return Request(
        path=scope["raw_path"],
        now=time.time(),
        method=scope["method"],
        query=scope["query_string"],
        headers=tuple(header for header in scope["headers"] if header != _NO_HOST),
        peer=(scope["client"] or ("",))[0],
    )

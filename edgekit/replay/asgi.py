"""The types of ASGI, and what every reader of a scope needs.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from edgekit.replay.request import Request, single_header

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]
"""Answers a request on its connection: what needs sockets or a body, which `respond` has not."""

BODY_SECONDS: Final = 10
"""How long a body may take to arrive."""


class BodyTooLargeError(Exception):
    """More bytes came, or were announced, than may."""


def read_request(scope: Scope) -> Request:
    """The request of a scope, as of now."""
    return Request(
        path=scope["raw_path"],
        now=time.time(),
        method=scope.get("method", "GET"),  # a WebSocket's handshake is one
        query=scope["query_string"],
        headers=tuple(scope["headers"]),
        peer=(scope["client"] or ("",))[0],
    )


async def read_body(request: Request, receive: Receive, limit: int) -> bytes | None:
    """The body of at most `limit` bytes; None if the client is gone.

    Raises BodyTooLargeError as soon as that is known, TimeoutError after `BODY_SECONDS`.
    """
    announced = single_header(request, b"content-length") or b"0"
    if announced.isdigit() and int(announced[:20]) > limit:
        raise BodyTooLargeError
    chunks: list[bytes] = []
    size = 0
    async with asyncio.timeout(BODY_SECONDS):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                raise BodyTooLargeError
            if not message.get("more_body"):
                return b"".join(chunks)

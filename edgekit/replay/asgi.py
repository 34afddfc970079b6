"""The types of ASGI, and what every reader of a scope needs.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from edgekit.replay.limits import BODY_SECONDS, MAX_UNREAD_BYTES, PIECE_BYTES, UNREAD_SECONDS, WHOLE_BYTES
from edgekit.replay.request import Request, single_header
from edgekit.replay.response import Answer, Response, respond_alone

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]
"""Answers a request on its connection: what needs sockets or a body, which `respond` has not."""

_NO_HOST: Final = (b"host", b"")
SERVER: Final = (b"server", b"edgekit")


class BodyTooLargeError(Exception):
    """More bytes came, or were announced, than may."""


def read_request(scope: Scope) -> Request:
    """The request of a scope, as of now. Where a request has no Host, granian has an empty one."""
    return Request(
        path=scope["raw_path"],
        now=time.time(),
        method=scope.get("method", "GET"),  # a WebSocket's handshake is one
        query=scope["query_string"],
        headers=tuple(header for header in scope["headers"] if header != _NO_HOST),
        peer=(scope["client"] or ("",))[0],
    )


async def send_response(scope: Scope, send: Send, response: Response, gone: asyncio.Future[None] | None = None) -> bool:
    """Send it; what is long in pieces, each when there is room for it. Instead of a WebSocket, too, but then at once.

    `gone` is done when the client has gone; if that is before the last piece, the rest is not sent, and False returned.
    """
    if gone is not None and gone.done():
        return False
    kind = "websocket.http" if scope["type"] == "websocket" else "http"
    headers = response.headers
    if all(name != b"server" for name, _ in headers):  # a site may have another name for it
        headers = (*headers, SERVER)
    await send({"type": f"{kind}.response.start", "status": response.status, "headers": headers})
    body = response.body
    start = 0
    if kind == "http" and len(body) > WHOLE_BYTES:  # instead of a WebSocket granian takes one piece only
        while len(body) - start > PIECE_BYTES:
            if gone is not None and gone.done():
                return False
            piece = body[start : start + PIECE_BYTES]
            await send({"type": f"{kind}.response.body", "body": piece, "more_body": True})
            start += PIECE_BYTES
            await asyncio.sleep(0)  # to a client that has gone all is sent at once, and nobody is told of it
    await send({"type": f"{kind}.response.body", "body": body[start:]})
    return True


async def send_answer(scope: Scope, send: Send, request: Request, answer: Answer) -> None:
    """An endpoint's own short answer; to HEAD only its head."""
    await send_response(scope, send, respond_alone(request, answer))


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


def announces_body(request: Request) -> bool:
    return any(name in {b"content-length", b"transfer-encoding"} for name, _ in request.headers)


async def wait_until_gone(receive: Receive) -> None:
    """Until the client has gone; what it sends meanwhile is dropped."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def drop_body(request: Request, receive: Receive) -> None:
    """Read a body that nobody asked for, once the answer is sent: to close on its sender would lose the answer.

    Who waits for `100 Continue` has the answer instead.
    """
    if not announces_body(request) or any(name == b"expect" for name, _ in request.headers):
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(UNREAD_SECONDS):
            read = 0
            while read <= MAX_UNREAD_BYTES:
                message = await receive()
                read += len(message.get("body", b""))
                if not message.get("more_body"):
                    return

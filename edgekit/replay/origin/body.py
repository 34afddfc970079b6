"""A request's body on its way to the origin, read from the client a piece at a time."""

import asyncio
from collections.abc import AsyncIterator

import httpx

from edgekit.replay.asgi import Receive
from edgekit.replay.limits import ORIGIN_BODY_SECONDS
from edgekit.replay.request import Request


class ClientGoneError(Exception):
    """The client went before all of its body had come."""


class RequestBody(httpx.AsyncByteStream):
    """A request's body as it comes; `is_whole` when all of it has come, `is_over` once nobody wants more of it."""

    def __init__(self, request: Request, receive: Receive) -> None:
        self.is_empty = {b"content-length", b"transfer-encoding"}.isdisjoint(name for name, _ in request.headers)
        self.is_over = asyncio.Event()
        self.is_whole = asyncio.Event()
        self._receive = receive
        if self.is_empty:
            self._end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Raises TimeoutError if nothing more comes, ClientGoneError if nothing can."""
        while not self.is_over.is_set():
            async with asyncio.timeout(ORIGIN_BODY_SECONDS):
                message = await self._receive()
            if message["type"] == "http.disconnect":
                self._end()  # or the rest would be waited for
                raise ClientGoneError
            if piece := message.get("body"):
                yield piece
            if not message.get("more_body"):
                self._end()

    async def wait_until_gone(self) -> None:
        """Until the client has closed its connection. What it sends of a body that nobody reads is dropped."""
        await self.is_over.wait()
        while (message := await self._receive())["type"] != "http.disconnect":
            if not message.get("more_body"):
                self._end()

    def _end(self) -> None:
        self.is_whole.set()
        self.is_over.set()

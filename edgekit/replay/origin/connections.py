"""The connections of one worker to the origin: at most so many at once, and those that are kept used again.

Each is a transport of its own. One transport for all would have httpcore hand them out, and it loses one of them for
ever when a request is cancelled just as it gets its connection: visitors who go away would use up all of them. Of what
is closed here nothing is left, whatever state it was in.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Final

import httpx

from edgekit.replay.limits import ORIGIN_CONNECT_SECONDS, ORIGIN_CONNECTIONS, ORIGIN_IDLE_SECONDS

_LIMITS: Final = httpx.Limits(max_connections=1, keepalive_expiry=ORIGIN_IDLE_SECONDS)


class Borrowed:
    """A connection for one request; `is_sound` once it may have another."""

    def __init__(self, transport: httpx.AsyncHTTPTransport) -> None:
        self.transport = transport
        self.is_sound = False


class Connections:
    """Open ones and room for others; with `keeps` those that are sound are used again."""

    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps
        self._room = asyncio.Semaphore(ORIGIN_CONNECTIONS)
        self._kept: list[tuple[float, httpx.AsyncHTTPTransport]] = []  # since when, the oldest first

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[Borrowed]:
        """The connection that was used last, or one that is opened when it is first used.

        Raises httpx.PoolTimeout if there is no room for `ORIGIN_CONNECT_SECONDS`.
        """
        try:
            async with asyncio.timeout(ORIGIN_CONNECT_SECONDS):
                await self._room.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("all connections are in use") from None
        try:
            borrowed = Borrowed(self._kept.pop()[1] if self._kept else _open_transport())
            try:
                yield borrowed
            finally:
                if self._keeps and borrowed.is_sound:
                    self._kept.append((asyncio.get_running_loop().time(), borrowed.transport))
                else:
                    await borrowed.transport.aclose()
        finally:
            self._room.release()
        await self._close_idle()

    async def _close_idle(self) -> None:
        expired = asyncio.get_running_loop().time() - ORIGIN_IDLE_SECONDS
        while self._kept and self._kept[0][0] < expired:
            await self._kept.pop(0)[1].aclose()


def _open_transport() -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(http2=False, limits=_LIMITS, retries=0, verify=_certificates())


@cache
def _certificates() -> ssl.SSLContext:
    """Once: to read the list of authorities takes longer than all else."""
    return httpx.create_ssl_context()

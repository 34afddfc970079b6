"""A connection to the origin, for one request.

What an application sends behind an answer (a body to HEAD or with a 304, a longer one than it said) may hold what a
visitor wrote. On a connection that is used again it would be the next visitor's answer, whenever it comes.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Final

import httpx

from edgekit.replay.limits import ORIGIN_CONNECT_SECONDS

_ONE: Final = httpx.Limits(max_connections=1, max_keepalive_connections=0)


@asynccontextmanager
async def connection(room: asyncio.Semaphore) -> AsyncIterator[httpx.AsyncHTTPTransport]:
    """A transport of its own, which is opened when it is used, and closed in whatever state it is.

    One for all would have httpcore hand out its connections, and it loses one for ever when a request is cancelled just
    as it gets one: visitors who go away would use up all of them.
    Raises httpx.PoolTimeout if there is no room for `ORIGIN_CONNECT_SECONDS`.
    """
    try:
        async with asyncio.timeout(ORIGIN_CONNECT_SECONDS):
            await room.acquire()
    except TimeoutError:
        raise httpx.PoolTimeout("no connection came free") from None
    try:
        async with httpx.AsyncHTTPTransport(limits=_ONE, verify=_authorities()) as transport:
            yield transport
    finally:
        room.release()


@cache
def _authorities() -> ssl.SSLContext:
    """Once: to read the list of them takes longer than all else."""
    return httpx.create_ssl_context()

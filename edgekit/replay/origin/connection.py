"""A connection to the origin, for one request.

What an application sends behind an answer (a body to HEAD or with a 304, a longer one than it said) may hold what a
visitor wrote. On a connection that is used again it would be the next visitor's answer, whenever it comes.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import Any

import httpx

from edgekit.replay.limits import ORIGIN_CONNECT_SECONDS


class AuthoritiesError(Exception):
    """The authorities that certificates are checked with cannot be read."""


@asynccontextmanager
async def answer_of(room: asyncio.Semaphore, request: httpx.Request) -> AsyncIterator[httpx.Response]:
    """The answer, of which the head has come; afterwards its connection is closed in whatever state it is.

    One transport for all would have httpcore hand out its connections, and it loses one for ever when a request is
    cancelled just as it gets one: visitors who go away would use up all of them.
    Raises httpx.PoolTimeout if there is no room for `ORIGIN_CONNECT_SECONDS`, AuthoritiesError, and what the transport
    and the request's body do.
    """
    try:
        async with asyncio.timeout(ORIGIN_CONNECT_SECONDS):
            await room.acquire()
    except TimeoutError:
        raise httpx.PoolTimeout("no connection came free") from None
    async with AsyncExitStack() as opened:
        opened.callback(room.release)

        async def trace(event: str, told: Mapping[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":  # httpcore forgets it if TLS is cancelled
                opened.push_async_callback(told["return_value"].aclose)

        request.extensions["trace"] = trace
        trusted = _trusted(request.url.scheme)
        transport = await opened.enter_async_context(httpx.AsyncHTTPTransport(verify=trusted))
        answer = await transport.handle_async_request(request)
        opened.push_async_callback(answer.aclose)
        yield answer


@cache
def _trusted(scheme: str) -> ssl.SSLContext:
    """The authorities, read once: that takes longer than all else. Without TLS none, so that they need not be there."""
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # and ssl.SSLError, which is one
        raise AuthoritiesError(str(error)) from None

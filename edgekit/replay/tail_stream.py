"""`GET /_edgekit/tail`: what happens in all workers, an event a line, until the reader or the server goes.

`sample=0.1` gives a tenth of the events, and `sample=0` critical ones only, which always come. An empty line says that
nothing happened for a while, `{"dropped": n}` that the reader was too slow for n events.
"""

import asyncio
import re
from pathlib import Path
from typing import Final

from edgekit.replay.admin import refuse_stranger
from edgekit.replay.asgi import SERVER, Receive, Scope, Send, read_request, send_answer, wait_until_gone
from edgekit.replay.limits import KEEP_ALIVE_SECONDS
from edgekit.replay.listeners import MAX_LISTENERS, Listener, TooManyListenersError
from edgekit.replay.response import NO_STORE, PLAIN_HEADERS, Answer
from edgekit.replay.stopping import stopping

_HEADERS: Final = (
    (b"content-type", b"application/x-ndjson"),
    NO_STORE,
    (b"x-content-type-options", b"nosniff"),
    SERVER,
)
_QUERY: Final = re.compile(rb"(?:sample=(?P<sample>1(?:\.0{1,6})?|0(?:\.[0-9]{1,6})?))?")
_MALFORMED: Final = Answer(400, PLAIN_HEADERS, b"Ask with `?sample=` and a number from 0 to 1, or without a query.\n")
_ONLY_GET: Final = Answer(405, (*PLAIN_HEADERS, (b"allow", b"GET")), b"Only GET is answered here.\n")
_TOO_MANY: Final = Answer(503, PLAIN_HEADERS, b"%d others listen already.\n" % MAX_LISTENERS)


async def stream_tail(token: bytes | None, folder: Path, scope: Scope, receive: Receive, send: Send) -> None:
    """`folder` is the server's runtime folder; without a `token` somebody at this machine may listen."""
    request = read_request(scope)
    asked = _QUERY.fullmatch(request.query)
    refusal = refuse_stranger(request, token) or (None if request.method == "GET" else _ONLY_GET)
    if refusal is not None or asked is None:
        await send_answer(scope, send, request, refusal or _MALFORMED)
        return
    try:
        listener = Listener(folder, float(asked["sample"] or 1))
    except TooManyListenersError:
        await send_answer(scope, send, request, _TOO_MANY)
        return
    with listener:
        await _send_lines(listener, receive, send)


async def _send_lines(listener: Listener, receive: Receive, send: Send) -> None:
    stop = stopping()  # before the reader knows that it is heard: from then on the end is not missed
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    loop = asyncio.get_running_loop()
    over = asyncio.ensure_future(_wait_until_over(receive, stop))
    lines = b"\n"  # sent at once, so that the reader knows that it is heard from now on
    try:
        while not over.done():
            await send({"type": "http.response.body", "body": lines, "more_body": True})
            arrived = asyncio.Event()
            loop.add_reader(listener.fd, arrived.set)
            waiting = asyncio.ensure_future(arrived.wait())
            await asyncio.wait({waiting, over}, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            loop.remove_reader(listener.fd)
            lines = listener.read() or b"\n"
        await send({"type": "http.response.body", "body": b""})
    finally:
        loop.remove_reader(listener.fd)
        over.cancel()


async def _wait_until_over(receive: Receive, stop: asyncio.Event) -> None:
    """Until the reader has gone or this worker is asked to stop."""
    gone = asyncio.ensure_future(wait_until_gone(receive))
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({gone, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        stopped.cancel()

"""The ASGI application: from a scope to an endpoint or to `respond`, and its answer onto the wire."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from edgekit.kv.store import open_store
from edgekit.replay.asgi import Endpoint, Receive, Scope, Send, read_request
from edgekit.replay.core import respond_or_forward
from edgekit.replay.limits import MAX_HEAD_BYTES, MAX_UNREAD_BYTES, PIECE_BYTES, UNREAD_SECONDS, WHOLE_BYTES
from edgekit.replay.observing import observe
from edgekit.replay.options import Options
from edgekit.replay.origin.exchange import Exchange, NoAnswerError
from edgekit.replay.origin.forward import Forward
from edgekit.replay.request import Request
from edgekit.replay.response import HEAD_TOO_LARGE, HOST_UNCLEAR, Answer, Response, respond_alone
from edgekit.replay.store import ReplayStore

_SERVER: Final = (b"server", b"edgekit")


def create_app(store_path: Path, options: Options) -> Endpoint:
    """The application over a store. Called in the process that answers: an LMDB file does not survive a fork.

    Raises what `open_store` raises.
    """
    store = ReplayStore(open_store(store_path))
    return build_app(lambda request: respond_or_forward(request, store), {})


def build_app(answer: Callable[[Request], Response | Forward], endpoints: Mapping[bytes, Endpoint]) -> Endpoint:
    """The application that sends what `answer` gives for a request, the origin's answer where that is to be asked.

    `endpoints` answer their paths, as they came.
    """
    exchange = Exchange()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = read_request(scope)
        refusal = _refuse(request, scope["http_version"])
        endpoint = endpoints.get(request.path)
        if endpoint is not None and refusal is None:
            await endpoint(scope, receive, send)
            return
        response = answer(request) if refusal is None else respond_alone(request, refusal)
        is_forwarded = isinstance(response, Forward)
        if isinstance(response, Forward):
            try:
                response = await exchange.forward(response, request, scope, receive, send)
            except NoAnswerError as failed:
                response, is_forwarded = failed.response, False
        if not is_forwarded:
            await send_response(send, response)
        with contextlib.suppress(Exception):  # the answer is sent; nothing that is told of it may harm the next
            observe(request, response)
        if not is_forwarded:
            await drop_body(request, receive)

    return app


async def send_response(send: Send, response: Response) -> None:
    """Send it; what is long in pieces, each when there is room for it."""
    headers = response.headers
    if all(name != b"server" for name, _ in headers):  # a site may have another name for it
        headers = (*headers, _SERVER)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    body = response.body
    start = 0
    if len(body) > WHOLE_BYTES:
        while len(body) - start > PIECE_BYTES:
            piece = body[start : start + PIECE_BYTES]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            start += PIECE_BYTES
    await send({"type": "http.response.body", "body": body[start:]})


async def drop_body(request: Request, receive: Receive) -> None:
    """Read a body that nobody asked for, once the answer is sent: to close on its sender would lose the answer.

    Who waits for `100 Continue` has the answer instead.
    """
    names = {name for name, _ in request.headers}
    if b"expect" in names or not names & {b"content-length", b"transfer-encoding"}:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(UNREAD_SECONDS):
            read = 0
            while read <= MAX_UNREAD_BYTES:
                message = await receive()
                read += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def _refuse(request: Request, http_version: str) -> Answer | None:
    """What is wrong with a head as a whole."""
    size = len(request.path) + len(request.query)
    hosts = 0
    for name, value in request.headers:
        size += len(name) + len(value) + 4  # ": " and the line's end
        hosts += name == b"host"
    if size > MAX_HEAD_BYTES:  # what the server reads at once may be more
        return HEAD_TOO_LARGE
    if hosts > 1 or (hosts == 0 and http_version == "1.1"):  # RFC 9112, 3.2
        return HOST_UNCLEAR
    return None

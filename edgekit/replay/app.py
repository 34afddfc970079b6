"""The ASGI application: from a scope to an endpoint or to `respond`, and its answer onto the wire."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from edgekit.kv.store import open_store
from edgekit.replay.asgi import (
    Endpoint,
    Receive,
    Scope,
    Send,
    announces_body,
    drop_body,
    read_request,
    send_response,
    wait_until_gone,
)
from edgekit.replay.changes import Changes
from edgekit.replay.core import respond_or_forward
from edgekit.replay.endpoints import build_endpoints, build_event_endpoints
from edgekit.replay.faults import BadDay
from edgekit.replay.health import check_health
from edgekit.replay.identity.demands import serving_identification
from edgekit.replay.lag import LaggingStore
from edgekit.replay.limits import MAX_HEAD_BYTES, WHOLE_BYTES
from edgekit.replay.observing import Observe, Observer
from edgekit.replay.options import Options
from edgekit.replay.origin.exchange import Exchange, NoAnswerError
from edgekit.replay.origin.forward import Forward
from edgekit.replay.request import Request
from edgekit.replay.response import HEAD_TOO_LARGE, HOST_UNCLEAR, Answer, Response, respond_alone
from edgekit.replay.store import ReplayStore

_HOST: Final = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")
"""Characters of a host and port (RFC 3986, 3.2.2)."""


def create_app(store_path: Path, options: Options, folder: Path) -> Endpoint:
    """The application over a store. Called in the process that answers: an LMDB file does not survive a fork.

    `folder` is the server's runtime folder. Raises what `open_store` raises.
    """
    opened = open_store(store_path)
    seen = LaggingStore(opened) if options.lag else opened
    identify = serving_identification(options.secrets, production=options.production)
    if options.faults is None:
        store, delay = ReplayStore(seen, identify=identify), None
        store.load()
    else:
        day = BadDay(options.faults)
        store, delay = day.open(seen, identify=identify), day.delay
    observer = Observer(folder)
    endpoints = {
        **build_endpoints(options, folder, observer.metrics, partial(check_health, store)),
        **build_event_endpoints(options.secrets, Changes(opened, options.lag), observer.observe),
    }
    return build_app(lambda request: respond_or_forward(request, store), endpoints, observer.observe, delay)


def build_app(
    answer: Callable[[Request], Response | Forward],
    endpoints: Mapping[bytes, Endpoint],
    observe: Observe,
    delay: Callable[[Response], float] | None = None,
) -> Endpoint:
    """The application that sends what `answer` gives for a request, the origin's answer where that is to be asked, and
    tells `observe` of it.

    It sends an answer of its own after as many seconds as `delay` says. `endpoints` answer their paths, as they came.
    """
    exchange = Exchange()

    def tell(request: Request, response: Response) -> None:
        with contextlib.suppress(Exception):  # the answer is sent; nothing that is told of it may harm the next
            observe(request, response)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = read_request(scope)
        refusal = _refuse(request, scope["http_version"])
        endpoint = endpoints.get(request.path)
        if endpoint is not None and refusal is None:
            await endpoint(scope, receive, send)
            return
        response = answer(request) if refusal is None else respond_alone(request, refusal)
        if isinstance(response, Forward):
            try:
                tell(request, await exchange.forward(response, request, scope, receive, send))
                return
            except NoAnswerError as failed:
                response = failed.response
        is_sent = False
        try:
            is_sent = await _send_own(response, request, scope, receive, send, delay(response) if delay else 0)
        finally:
            tell(request, response if is_sent else msgspec.structs.replace(response, outcome="canceled"))
        await drop_body(request, receive)

    return app


async def _send_own(
    response: Response, request: Request, scope: Scope, receive: Receive, send: Send, seconds: float
) -> bool:
    """Send an answer of edgekit's own after so many seconds; False if the client has gone before all was sent.

    Nobody listens for that while a short answer is sent at once, or where a body may come.
    """
    if announces_body(request) or not (seconds or len(response.body) > WHOLE_BYTES):
        if seconds:
            await asyncio.sleep(seconds)
        return await send_response(scope, send, response)
    gone = asyncio.ensure_future(wait_until_gone(receive))
    try:
        await asyncio.wait({gone}, timeout=seconds)
        return await send_response(scope, send, response, gone)
    finally:
        gone.cancel()


def _refuse(request: Request, http_version: str) -> Answer | None:
    """What is wrong with a head as a whole."""
    size = len(request.path) + len(request.query)
    hosts: list[bytes] = []
    for name, value in request.headers:
        size += len(name) + len(value) + 4  # ": " and the line's end
        if name == b"host":
            hosts.append(value)
    if size > MAX_HEAD_BYTES:  # what the server reads at once may be more
        return HEAD_TOO_LARGE
    # RFC 9112, 3.2
    if len(hosts) > 1 or (not hosts and http_version == "1.1") or not all(map(_HOST.fullmatch, hosts)):
        return HOST_UNCLEAR
    return None

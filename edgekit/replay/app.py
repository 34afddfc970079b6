"""The ASGI application: from a scope to an endpoint or to `respond`, and its answer onto the wire."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from edgekit.kv.store import LmdbStore, open_store
from edgekit.replay.asgi import Endpoint, Receive, Scope, Send, drop_body, read_request, send_response
from edgekit.replay.changes import Changes
from edgekit.replay.core import respond
from edgekit.replay.faults import BadDay
from edgekit.replay.identity.demands import serving_identification
from edgekit.replay.lag import LaggingStore
from edgekit.replay.limits import MAX_HEAD_BYTES
from edgekit.replay.observing import observe
from edgekit.replay.options import Options
from edgekit.replay.request import Request
from edgekit.replay.response import HEAD_TOO_LARGE, HOST_UNCLEAR, Answer, Response, respond_alone
from edgekit.replay.signal import SIGNAL_PATH, Signal
from edgekit.replay.store import ReplayStore
from edgekit.replay.webhook import WEBHOOK_PATH, webhook


def create_app(store_path: Path, options: Options) -> Endpoint:
    """The application over a store. Called in the process that answers: an LMDB file does not survive a fork.

    Raises what `open_store` raises.
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
    return build_app(lambda request: respond(request, store), _endpoints(opened, options), delay)


def _endpoints(store: LmdbStore, options: Options) -> dict[bytes, Endpoint]:
    """Those that the options enable."""
    changes = Changes(store, options.lag)
    endpoints: dict[bytes, Endpoint] = {}
    if options.secrets.webhook:
        endpoints[WEBHOOK_PATH] = webhook(options.secrets.webhook, changes)
    if options.secrets.admin_token:
        endpoints[SIGNAL_PATH] = Signal(options.secrets.admin_token, changes)
    return endpoints


def build_app(
    answer: Callable[[Request], Response],
    endpoints: Mapping[bytes, Endpoint],
    delay: Callable[[Response], float] | None = None,
) -> Endpoint:
    """The application that sends what `answer` gives for a request, after as many seconds as `delay` says.

    `endpoints` answer their paths, as they came.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = read_request(scope)
        refusal = _refuse(request, scope["http_version"])
        endpoint = endpoints.get(request.path)
        if endpoint is not None and refusal is None:
            await endpoint(scope, receive, send)
            return
        response = answer(request) if refusal is None else respond_alone(request, refusal)
        if delay is not None:
            await asyncio.sleep(delay(response))
        await send_response(scope, send, response)
        with contextlib.suppress(Exception):  # the answer is sent; nothing that is told of it may harm the next
            observe(request, response)
        await drop_body(request, receive)

    return app


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

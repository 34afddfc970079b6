"""The ASGI application: from a scope to an endpoint or to `respond`, and its answer onto the wire."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from edgekit.kv.store import LmdbStore, open_store
from edgekit.replay.asgi import Endpoint, Receive, Scope, Send, read_request
from edgekit.replay.changes import Changes
from edgekit.replay.core import respond
from edgekit.replay.lag import LaggingStore
from edgekit.replay.observing import observe
from edgekit.replay.options import Options
from edgekit.replay.plain import send_plain
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.signal import SIGNAL_PATH, Signal
from edgekit.replay.store import ReplayStore
from edgekit.replay.webhook import WEBHOOK_PATH, webhook


def create_app(store_path: Path, options: Options) -> Endpoint:
    """The application over a store. Called in the process that answers: an LMDB file does not survive a fork.

    Raises what `open_store` raises.
    """
    opened = open_store(store_path)
    store = ReplayStore(LaggingStore(opened) if options.lag else opened)
    return build_app(lambda request: respond(request, store), _endpoints(opened, options))


def _endpoints(store: LmdbStore, options: Options) -> dict[bytes, Endpoint]:
    """Those that the options enable."""
    changes = Changes(store, options.lag)
    endpoints: dict[bytes, Endpoint] = {}
    if options.secrets.webhook:
        endpoints[WEBHOOK_PATH] = webhook(options.secrets.webhook, changes)
    if options.secrets.admin_token:
        endpoints[SIGNAL_PATH] = Signal(options.secrets.admin_token, changes)
    return endpoints


def build_app(answer: Callable[[Request], Response], endpoints: Mapping[bytes, Endpoint]) -> Endpoint:
    """The application that sends what `answer` gives for a request; `endpoints` answer their paths, as they came."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = endpoints.get(scope["raw_path"])
        if endpoint is not None:
            await endpoint(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send_plain(send, read_request(scope), 404, "There is nothing here.", kind="websocket.http")
            return
        request = read_request(scope)
        response = answer(request)
        await send_response(send, response)
        with contextlib.suppress(Exception):  # the answer is sent; nothing that is told of it may harm the next
            observe(request, response)

    return app


async def send_response(send: Send, response: Response) -> None:
    await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
    await send({"type": "http.response.body", "body": response.body})

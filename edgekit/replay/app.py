"""The ASGI application: from a scope to an endpoint or to `respond`, and its answer onto the wire."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from edgekit.kv.store import open_store
from edgekit.replay.asgi import Endpoint, Receive, Scope, Send, read_request
from edgekit.replay.core import respond
from edgekit.replay.observing import observe
from edgekit.replay.options import Options
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore


def create_app(store_path: Path, options: Options) -> Endpoint:
    """The application over a store. Called in the process that answers: an LMDB file does not survive a fork.

    Raises what `open_store` raises.
    """
    store = ReplayStore(open_store(store_path))
    return build_app(lambda request: respond(request, store), {})


def build_app(answer: Callable[[Request], Response], endpoints: Mapping[bytes, Endpoint]) -> Endpoint:
    """The application that sends what `answer` gives for a request; `endpoints` answer their paths, as they came."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = endpoints.get(scope["raw_path"])
        if endpoint is not None:
            await endpoint(scope, receive, send)
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

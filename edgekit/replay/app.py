"""The ASGI application: from a scope to an endpoint or to `respond`, and its answer onto the wire."""

import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import msgspec

from edgekit.kv.store import open_store
from edgekit.replay.asgi import Endpoint, Receive, Scope, Send, read_request
from edgekit.replay.core import respond
from edgekit.replay.endpoints import build_endpoints
from edgekit.replay.health import check_health
from edgekit.replay.observing import Observer
from edgekit.replay.options import Options
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore


def create_app(store_path: Path, options: Options, folder: Path) -> Endpoint:
    """The application over a store. Called in the process that answers: an LMDB file does not survive a fork.

    `folder` is the server's runtime folder. Raises what `open_store` raises.
    """
    store = ReplayStore(open_store(store_path))
    observer = Observer(folder)
    endpoints = build_endpoints(options, folder, observer.metrics, partial(check_health, store))
    return build_app(lambda request: respond(request, store), endpoints, observer.observe)


def build_app(
    answer: Callable[[Request], Response],
    endpoints: Mapping[bytes, Endpoint],
    observe: Callable[[Request, Response], None],
) -> Endpoint:
    """The application that sends what `answer` gives for a request, and tells `observe` of it.

    `endpoints` answer their paths, as they came.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = endpoints.get(scope["raw_path"])
        if endpoint is not None:
            await endpoint(scope, receive, send)
            return
        request = read_request(scope)
        response = answer(request)
        try:
            await send_response(send, response)
        except BaseException:  # the client has gone, or took too long
            response = msgspec.structs.replace(response, outcome="canceled")
            raise
        finally:
            with contextlib.suppress(Exception):  # the answer is sent; nothing that is told of it may harm the next
                observe(request, response)

    return app


async def send_response(send: Send, response: Response) -> None:
    await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
    await send({"type": "http.response.body", "body": response.body})

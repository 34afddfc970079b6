"""The server: `respond` on granian's sockets.

ASGI and not RSGI, because RSGI hands over a decoded path (in which `%2F` is a slash) and leaves out header values that
are not ASCII.
"""

import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from edgekit.diagnostics.diagnostic import failure
from edgekit.kv.store import open_store
from edgekit.model.keys import CURRENT, EDGEKIT
from edgekit.replay.core import respond
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore
from edgekit.replay.tail import build_event, encode_event

App = Callable[
    [dict[str, Any], Callable[[], Awaitable[Any]], Callable[[dict[str, Any]], Awaitable[None]]], Awaitable[None]
]

MAX_HEAD_BYTES: Final = 64 * 1024
"""Of a request's line and headers together."""
STOP_SECONDS: Final = 5
"""How long requests that are being answered may take when the server stops."""
_LISTEN_SECONDS: Final = 0.02
_LISTEN_TRIES: Final = 1_500


def create_app(store_path: Path) -> App:
    """The ASGI application over a store. Called in the process that answers: an LMDB file does not survive a fork.

    Raises what `open_store` raises.
    """
    store = ReplayStore(open_store(store_path))
    return build_app(lambda request: respond(request, store))


def read_request(scope: dict[str, Any]) -> Request:
    """The request of an ASGI scope, as of now."""
    return Request(
        path=scope["raw_path"],
        now=time.time(),
        method=scope["method"],
        query=scope["query_string"],
        headers=tuple(scope["headers"]),
        peer=(scope["client"] or ("",))[0],
    )


def build_app(answer: Callable[[Request], Response]) -> App:
    """The ASGI application that sends what `answer` gives for a request; critical tail events go to stderr."""

    async def app(
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        request = read_request(scope)
        response = answer(request)
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await send({"type": "http.response.body", "body": response.body})
        if response.logs or response.outcome != "ok":
            sys.stderr.buffer.write(encode_event(build_event(request, response)) + b"\n")
            sys.stderr.buffer.flush()

    return app


def serve(store_path: Path, host: str, port: int, workers: int = 1, on_start: Callable[[], None] | None = None) -> None:
    """Answer requests from a store until SIGTERM or SIGINT; `on_start` is called (in a thread) once it answers.

    This process must not hold the store open. Raises EK452 if nothing is published, what `open_store` raises, and what
    `run_server` does.
    """
    _check_release(store_path)
    run_server(partial(create_app, store_path), host, port, workers, on_start)


def run_server(
    load: Callable[[], App], host: str, port: int, workers: int = 1, on_start: Callable[[], None] | None = None
) -> None:
    """Run the application that `load` makes, in each of the workers, until SIGTERM or SIGINT.

    `port` is free (`replay.port.find_port`). Raises EK453 if a worker dies.
    """
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    server = Server(
        "edgekit",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        workers=workers,
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=MAX_HEAD_BYTES),
        websockets=False,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.warning,
        log_dictconfig={"handlers": _LOG_TO_STDERR},
    )
    if on_start:
        server.on_startup(threading.Timer(_LISTEN_SECONDS, _announce, (host, port, on_start)).start)
    try:
        server.serve(target_loader=load, wrap_loader=False)
    except SystemExit:
        raise failure(
            "EK453",
            "a worker of the server died",
            help="see what it wrote before; start the server again",
        ) from None


_LOG_TO_STDERR: Final = {
    name: {"formatter": formatter, "class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
    for name, formatter in (("console", "generic"), ("access", "access"))
}


def _announce(host: str, port: int, on_start: Callable[[], None]) -> None:
    """Call `on_start` as soon as somebody listens: granian tells when it starts workers, not when they are ready."""
    for _ in range(_LISTEN_TRIES):
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(_LISTEN_SECONDS)
        else:
            on_start()
            return


def _check_release(store_path: Path) -> None:
    with open_store(store_path) as store, store.snapshot() as snapshot:
        if snapshot.get(EDGEKIT, CURRENT) is None:
            raise failure("EK452", f"nothing is published in `{store_path}`", help="run `edgekit build` first")

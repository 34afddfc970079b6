"""The server: the application on granian's sockets.

ASGI and not RSGI, because RSGI hands over a decoded path (in which `%2F` is a slash) and leaves out header values that
are not ASCII.
"""

import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from edgekit.diagnostics.diagnostic import failure
from edgekit.kv.store import open_store
from edgekit.model.keys import CURRENT, EDGEKIT
from edgekit.replay.app import create_app
from edgekit.replay.asgi import Endpoint
from edgekit.replay.options import Options
from edgekit.replay.runtime import runtime_folder

MAX_HEAD_BYTES: Final = 64 * 1024
"""Of a request's line and headers together."""
STOP_SECONDS: Final = 5
"""How long requests that are being answered may take when the server stops."""
_LISTEN_SECONDS: Final = 0.02
_LISTEN_TRIES: Final = 1_500


def serve(store_path: Path, host: str, port: int, options: Options, on_start: Callable[[], None] | None = None) -> None:
    """Answer requests from a store until SIGTERM or SIGINT; `on_start` is called (in a thread) once it answers.

    This process must not hold the store open. Raises EK452 if nothing is published, what `open_store` raises, and what
    `run_server` does.
    """
    _check_release(store_path)
    with runtime_folder() as folder:
        run_server(partial(create_app, store_path, options, folder), host, port, options.workers, on_start)


def run_server(
    load: Callable[[], Endpoint], host: str, port: int, workers: int = 1, on_start: Callable[[], None] | None = None
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

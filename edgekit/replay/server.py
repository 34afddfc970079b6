"""The server: the application on granian's sockets.

ASGI and not RSGI, because RSGI hands over a decoded path (in which `%2F` is a slash) and leaves out header values that
are not ASCII.

The workers accept from one socket, which is made here: what waits to be accepted outlives a worker that dies, and the
connections have the deadline for slow readers that granian has no setting for.
"""

import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from edgekit.diagnostics.diagnostic import failure
from edgekit.kv.store import open_store
from edgekit.model.keys import CURRENT, EDGEKIT
from edgekit.replay.app import create_app
from edgekit.replay.asgi import Endpoint
from edgekit.replay.limits import (
    HEAD_SECONDS,
    MAX_CONNECTIONS,
    MAX_HEAD_BYTES,
    ORIGIN_CONNECTIONS,
    READER_SECONDS,
    STOP_SECONDS,
)
from edgekit.replay.options import Options
from edgekit.replay.port import bind_socket
from edgekit.replay.runtime import runtime_folder
from edgekit.replay.worker import heed_signals_in_workers, load_in_worker

_BACKLOG: Final = 1_024
_OWN_FILES: Final = 2 * ORIGIN_CONNECTIONS + 128
"""Descriptors that are no connections of clients, at most: those to the origin, the store, listeners, logs."""
_LISTEN_SECONDS: Final = 0.02
_LISTEN_TRIES: Final = 1_500
_AWAKE_SECONDS: Final = 0.5


def serve(store_path: Path, host: str, port: int, options: Options, on_start: Callable[[], None] | None = None) -> None:
    """Answer requests from a store until a signal ends it; `on_start` is called (in a thread) once it answers.

    This process must not hold the store open. Raises EK452 if nothing is published, what `open_store` raises, and what
    `run_server` does.
    """
    _check_release(store_path)
    with runtime_folder() as folder:
        load = partial(create_app, store_path, options, folder)
        run_server(load, host, port, options.workers, on_start, websockets=options.secrets.admin_token is not None)


def run_server(
    load: Callable[[], Endpoint],
    host: str,
    port: int,
    workers: int = 1,
    on_start: Callable[[], None] | None = None,
    *,
    websockets: bool = False,
) -> None:
    """Run the application that `load` makes, in each of the workers, until SIGTERM, SIGINT or SIGHUP.

    A worker that dies is replaced if there are others, which answer meanwhile. Raises EK453 if it was the only one, or
    if its successor dies, too; EK451 if nothing can listen there.
    """
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    multiprocessing.set_start_method("fork", force=True)  # granian's workers inherit the socket
    heed_signals_in_workers()
    server = Server(
        "edgekit",
        interface=Interfaces.ASGINL,
        workers=workers,
        respawn_failed_workers=workers > 1,
        backpressure=allow_connections(),
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1_000, max_buffer_size=MAX_HEAD_BYTES),
        websockets=websockets,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,  # it warns of workers that ended a moment before it looked
        log_dictconfig={"handlers": _LOG_TO_STDERR},
    )
    _listen_on(server, bind_socket(host, port))
    server.main_loop_interrupt = _Interrupt()
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # granian would go on without its terminal
        server.on_startup(partial(signal.signal, signal.SIGHUP, server.signal_handler_interrupt))
    if on_start:
        announcing = threading.Timer(_LISTEN_SECONDS, _announce, (host, port, on_start))
        announcing.daemon = True  # nothing waits for it where no worker could start
        server.on_startup(announcing.start)
    try:
        server.serve(target_loader=partial(load_in_worker, load, os.getpid()), wrap_loader=False)
    except SystemExit:
        raise failure(
            "EK453",
            "a worker of the server died",
            help="see what it wrote before; start the server again",
        ) from None


class _Interrupt(threading.Event):
    """What granian's main thread waits for until it is set, awake now and then.

    Of a signal that another thread was given, as happens to one that comes while the process is stopped, Python tells
    the main thread when that runs (the `signal` module's "Signals and threads"): asleep, it would never end the server.
    """

    def wait(self, timeout: float | None = None) -> bool:
        while not super().wait(_AWAKE_SECONDS):
            pass
        return True


def _listen_on(server: Any, listener: socket.socket) -> None:
    """Have granian's workers accept from this socket, as they do from one that is no TCP socket of Linux."""
    from granian.net import SocketHolder  # type: ignore[attr-defined]

    if sys.platform == "linux":
        # Inherited by connections: one that takes nothing of what is to be sent for so long is closed. See tcp(7).
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, READER_SECONDS * 1_000)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    held = (listener.fileno(), False, _BACKLOG) if sys.platform == "linux" else (listener.fileno(), False)

    def share() -> None:
        server._sso, server._shd = listener, SocketHolder(*held)

    server._init_shared_socket = share


def allow_connections() -> int:
    """How many connections a worker takes at once: no more than it may have descriptors, of which it gets what it may.

    Without a descriptor to accept a connection with, a worker would spin.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(MAX_CONNECTIONS, soft - _OWN_FILES))


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

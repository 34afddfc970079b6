"""Where the server listens: a free port, found before the server starts."""

import errno
import socket
from typing import Final

from edgekit.diagnostics.diagnostic import EdgekitError, failure

DEFAULT_PORT: Final = 1818
TRIED: Final = 10
"""Ports tried one after the other, the wanted one among them."""


def find_port(host: str, port: int, strict: bool = False) -> int:
    """`port` if it is free, else the next free one of ten; 0 is any free port.

    Free is what was free a moment ago. Raises EK450 if all are taken, or the wanted one with `strict`; EK451 if nothing
    can listen on `host`.
    """
    last = port if strict or port == 0 else min(port + TRIED - 1, 65_535)
    for candidate in range(port, last + 1):
        try:
            with _bind(host, candidate) as bound:
                return int(bound.getsockname()[1])
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _cannot_listen(host, candidate, error) from None
    wanted = f"port {port} is" if last == port else f"ports {port} to {last} are"
    raise failure(
        "EK450",
        f"{wanted} in use on `{host}`",
        help="stop the program that listens there, or name another port with --port",
    )


def bind_socket(host: str, port: int) -> socket.socket:
    """A socket that is bound and does not listen yet. Raises EK451 if nothing can."""
    try:
        return _bind(host, port)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that just closed are no listener
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _cannot_listen(host: str, port: int, error: OSError) -> EdgekitError:
    return failure(
        "EK451",
        f"nothing can listen on `{host}` port {port}: {error.strerror}",
        help="name an address of this machine with --host, and a port from 1024 with --port",
    )

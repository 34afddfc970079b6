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

    The server's own sockets share a port with others that wish it (SO_REUSEPORT), so it would not notice that one is
    taken. Raises EK450 if all are taken, or the wanted one with `strict`; EK451 if nothing can listen on `host`.
    """
    last = port if strict or port == 0 else min(port + TRIED - 1, 65_535)
    for candidate in range(port, last + 1):
        try:
            return _bind(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _cannot_listen(host, candidate, error) from None
    wanted = f"port {port} is" if last == port else f"ports {port} to {last} are"
    raise failure(
        "EK450",
        f"{wanted} in use on `{host}`",
        help="stop the program that listens there, or name another port with --port",
    )


def _bind(host: str, port: int) -> int:
    """The number of a port that was free a moment ago."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that just closed are no listener
        probe.bind(address)
        return int(probe.getsockname()[1])


def _cannot_listen(host: str, port: int, error: OSError) -> EdgekitError:
    return failure(
        "EK451",
        f"nothing can listen on `{host}` port {port}: {error.strerror}",
        help="name an address of this machine with --host, and a port from 1024 with --port",
    )

"""Ports for servers that are started a moment later."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port of 127.0.0.1 that the system gives to nobody else meanwhile.

    Of two sockets with SO_REUSEADDR that do not listen both may have it, so that a server gets it that is told of it
    (socket(7)); a port that nobody holds may be given away again before its server has come up.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]

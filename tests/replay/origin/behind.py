"""Origins on real sockets: what each does with a connection is a function, and what was asked of it is kept."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behave = Callable[["Connection"], None]


class Connection:
    """One connection to an origin, read by its rules of framing and not by a library's."""

    def __init__(self, accepted: socket.socket, asked: list[bytes]) -> None:
        self.socket = accepted
        self.asked = asked
        self._came = b""

    def read_head(self) -> bytes:
        """The next head, or nothing once the other end has closed."""
        while b"\r\n\r\n" not in self._came:
            if not self._more():
                return b""
        head, _, self._came = self._came.partition(b"\r\n\r\n")
        self.asked.append(head + b"\r\n")
        return head + b"\r\n"

    def read_body(self, head: bytes) -> bytes:
        """The body that belongs to a head, its chunks joined."""
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            body = b""
            while True:
                size = int(self._line(), 16)
                body += self._take(size)
                self._take(2)
                if size == 0:
                    return body
        length = next((line for line in lower.split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        return self._take(int(length.split(b":")[1]))

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def wait_until_closed(self) -> None:
        while self._more():
            pass

    def _line(self) -> bytes:
        while b"\r\n" not in self._came:
            assert self._more()
        line, _, self._came = self._came.partition(b"\r\n")
        return line

    def _take(self, size: int) -> bytes:
        while len(self._came) < size:
            assert self._more()
        taken, self._came = self._came[:size], self._came[size:]
        return taken

    def _more(self) -> bool:
        try:
            chunk = self.socket.recv(65_536)
        except ConnectionError:
            return False
        self._came += chunk
        return chunk != b""


@dataclass
class Behind:
    """A running origin. `asked` are the heads that came, `closed` is set when a connection has ended."""

    port: int
    asked: list[bytes] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    accepted: set[socket.socket] = field(default_factory=set)
    behave: Behave = lambda _: None

    def start_anew(self) -> None:
        """Forget what was, and end the connections that a server keeps."""
        for connection in tuple(self.accepted):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        while self.accepted:
            time.sleep(0.001)
        self.asked.clear()
        self.closed.clear()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def behind() -> Iterator[Behind]:
    """An origin that does what its `behave` says now."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            state.accepted.add(self.request)
            self.request.settimeout(60)
            try:
                state.behave(Connection(self.request, state.asked))
            except (OSError, AssertionError):
                pass
            finally:
                state.closed.set()
                state.accepted.discard(self.request)  # last: then this connection does nothing to the next test's

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        state = Behind(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()


def answering(answer: bytes) -> Behave:
    """Answers all requests of a connection so."""

    def behave(connection: Connection) -> None:
        while head := connection.read_head():
            connection.read_body(head)
            connection.send(answer)

    return behave


def reset(connection: Connection) -> None:
    """Ends a connection as a crash does."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.socket.close()

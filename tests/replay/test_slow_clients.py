"""Clients that are slow on purpose: each ends, and meanwhile they stop nobody."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.replay.serving import children_of, resident_bytes, running, write_store
from tests.replay.wire import CLOSE, HOST, statuses

MIB = 1024 * 1024
LONG = 4 * MIB
GET = b"GET / HTTP/1.1\r\n" + HOST
CLIENTS = 60
"""Of each kind."""


def read_until(connection: socket.socket, end: bytes) -> None:
    """Or until the server has closed."""
    came = b""
    while not came.endswith(end) and (chunk := connection.recv(4_096)):
        came += chunk


def send_nothing(connection: socket.socket) -> None:
    pass


def send_half_a_head(connection: socket.socket) -> None:
    connection.sendall(GET + b"X: ")


def keep_alive(connection: socket.socket) -> None:
    connection.sendall(GET + b"\r\n")
    read_until(connection, b"home")


def send_half_a_body(connection: socket.socket) -> None:
    connection.sendall(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\nhalf")
    read_until(connection, b"here.\n")


def read_nothing_of_a_long_page(connection: socket.socket) -> None:
    connection.sendall(b"GET /long HTTP/1.1\r\n" + HOST + b"\r\n")


def read_nothing_of_many_pages(connection: socket.socket) -> None:
    connection.sendall((b"GET /page HTTP/1.1\r\n" + HOST + b"\r\n") * 100)


SLOW = [
    send_nothing,
    send_half_a_head,
    keep_alive,
    send_half_a_body,
    read_nothing_of_a_long_page,
    read_nothing_of_many_pages,
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    write_store(file, {"pages": {"/": "home", "/long": "x" * LONG, "/page": "y" * 60_000}})
    return file


@contextmanager
def connected(port: int, behave: Callable[[socket.socket], None], count: int) -> Iterator[list[socket.socket]]:
    """Clients that take no more than the least that the system lets them."""
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = stack.enter_context(socket.socket())
            client.settimeout(30)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            client.connect(("127.0.0.1", port))
            with suppress(ConnectionError):  # by then it may have been ended already
                behave(client)
            clients.append(client)
        yield clients


def ended(clients: Iterable[socket.socket]) -> list[bool]:
    """Which connections has the server given up? To who reads nothing it cannot say so.

    https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html; 01 is ESTABLISHED.
    """
    rows = (row.split()[1:4] for row in Path("/proc/net/tcp").read_text().splitlines()[1:])
    open_ends = {(local[-4:], remote[-4:]) for local, remote, state in rows if state == "01"}
    return [(f"{client.getpeername()[1]:04X}", f"{client.getsockname()[1]:04X}") not in open_ends for client in clients]


def test_slow_clients_do_not_stop_others_and_hold_little(file: Path) -> None:
    with running(file) as (port, process), ExitStack() as stack:
        (worker,) = children_of(process.pid)
        before = resident_bytes(worker)
        slow = [client for behave in SLOW for client in stack.enter_context(connected(port, behave, CLIENTS))]
        for _ in range(30):
            assert statuses(port, GET + CLOSE + b"\r\n") == [200]
        assert not any(ended(slow))
        # 60 whole answers would be four times as much as all of these may hold.
        assert resident_bytes(worker) - before < 60 * MIB


@pytest.fixture(scope="module")
def impatient(file: Path) -> Iterator[int]:
    with running(file, HEAD_SECONDS=1, READER_SECONDS=1, UNREAD_SECONDS=1) as (port, _):
        yield port


def test_every_slow_client_ends(impatient: int) -> None:
    with ExitStack() as stack:
        slow = {behave.__name__: stack.enter_context(connected(impatient, behave, 1))[0] for behave in SLOW}
        patience = time.monotonic() + 20
        while not all(ended(slow.values())) and time.monotonic() < patience:
            time.sleep(0.05)
        assert dict.fromkeys(slow, True) == dict(zip(slow, ended(slow.values()), strict=True))


def take_long_page(port: int) -> tuple[bytes, float]:
    """What comes of it, and the longest time in seconds between two pieces."""
    came, longest = b"", 0.0
    with connected(port, read_nothing_of_a_long_page, 1) as (client,), suppress(ConnectionError):
        taken = time.monotonic()
        while len(came.partition(b"\r\n\r\n")[2]) < LONG and (chunk := client.recv(50_000)):
            came += chunk
            longest, taken = max(longest, time.monotonic() - taken), time.monotonic()
    return came.partition(b"\r\n\r\n")[2], longest


def test_a_reader_that_takes_some_is_waited_for(impatient: int) -> None:
    """The bound is on taking nothing, not on the whole: a long page may take longer than it."""
    page, longest = take_long_page(impatient)
    while page != b"x" * LONG and longest > 0.5:  # it was the machine that took nothing for about a second
        page, longest = take_long_page(impatient)
    assert page == b"x" * LONG

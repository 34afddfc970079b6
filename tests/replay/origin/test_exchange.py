"""What goes to the origin and comes back, over real sockets, with origins and clients that misbehave."""

import asyncio
import gc
import re
import socket
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from edgekit.replay.core import respond_or_forward
from edgekit.replay.origin.exchange import Exchange, NoAnswerError
from edgekit.replay.origin.forward import Forward
from edgekit.replay.request import Request
from tests.replay.origin.behind import Behind, Connection, answering, behind, reset
from tests.replay.published import open_published
from tests.replay.serving import children_of, resident_bytes, running, write_store
from tests.replay.wire import CLOSE, HOST, converse, exchange, split

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SITE = {
    "pages": {"/": "home", "404": "<p>nothing here", "503": "<p>come back later"},
    "segments": {"free": {}, "premium": {}},
    "users": {"u1": {"tier": "premium"}},
    "headers": {"/*": {"x-site": "ours"}},
}


@pytest.fixture(scope="module")
def origin() -> Iterator[Behind]:
    with behind() as running_origin:
        yield running_origin


@pytest.fixture(scope="module")
def file(origin: Behind, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    write_store(file, {**SITE, "origin": {"url": origin.url, "paths": ["/api/*", "/up"], "fallback": True}})
    return file


@pytest.fixture(scope="module")
def server(file: Path) -> Iterator[tuple[int, int]]:
    """Port and process id of a server before the origin."""
    with running(file) as (port, process):
        yield port, process.pid


@pytest.fixture(scope="module")
def impatient_server(file: Path) -> Iterator[int]:
    """The port of another one, which waits for nothing longer than a second."""
    with running(file, ORIGIN_SECONDS=1, ORIGIN_BODY_SECONDS=1, UNREAD_SECONDS=1) as (port, _):
        yield port


@pytest.fixture
def port(server: tuple[int, int], origin: Behind) -> int:
    return begin(server[0], origin)


@pytest.fixture
def impatient(impatient_server: int, origin: Behind) -> int:
    return begin(impatient_server, origin)


def begin(port: int, origin: Behind) -> int:
    origin.start_anew()
    origin.behave = answering(OK)
    return port


def get(path: str, *lines: str, method: str = "GET", body: bytes = b"") -> bytes:
    head = "".join(f"{line}\r\n" for line in lines)
    return f"{method} {path} HTTP/1.1\r\n".encode() + HOST + CLOSE + head.encode("latin-1") + b"\r\n" + body


def fields(head: bytes) -> list[tuple[str, str]]:
    lines = head.decode("latin-1").split("\r\n")[1:-1]
    return [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]


# What is asked


@pytest.mark.parametrize(
    "target",
    ["/api/x", "/api/", "/api/x?a=%2F&b=//", "/api/a%2fb%00%E9", "/api//x/", "/api/x.html", "/api/~'()!$&,;=:@", "/up"],
)
def test_the_origin_sees_the_target_as_it_came(port: int, origin: Behind, target: str) -> None:
    (answer,) = split(exchange(port, get(target)))
    assert (answer.status, answer.body) == (200, b"ok")
    assert f"GET {target} HTTP/1.1".encode() == origin.asked[0].split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/../x", 400), ("/api/%2e%2e/x", 400), ("/api/..%2fx", 400), ("/api/.", 400), ("/../api/x", 400),
        ("//api/x", 200), ("/", 200), ("/index.html", 308), ("/static/../api/x", 400), ("/_edgekit/none", 404),
        ("/_edgekit/", 308),
    ],
)  # fmt: skip
def test_what_is_not_the_origins_is_answered_here(port: int, origin: Behind, target: str, status: int) -> None:
    (answer,) = split(exchange(port, get(target)))
    assert status == answer.status
    assert [head for head in origin.asked if b".." in head or b"%2e" in head or b"_edgekit" in head] == []


@pytest.mark.parametrize("target", ["/none", "/none/", "/a%20b/", "/none.html", "/static/shop.css", "//api/x"])
def test_what_nobody_has_falls_back_as_it_came(port: int, origin: Behind, target: str) -> None:
    (answer,) = split(exchange(port, get(target)))
    assert (200, f"GET {target} HTTP/1.1".encode()) == (answer.status, origin.asked[0].split(b"\r\n")[0])


def test_a_pages_other_methods_fall_back(port: int, origin: Behind) -> None:
    (answer,) = split(exchange(port, get("/", "Content-Length: 3", method="POST", body=b"a=1")))
    assert (answer.status, origin.asked[0].split(b"\r\n")[0]) == (200, b"POST / HTTP/1.1")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "post", "connect", "X!"])
def test_all_methods_and_bodies_are_passed_on(port: int, origin: Behind, method: str) -> None:
    def echo(connection: Connection) -> None:
        body = connection.read_body(connection.read_head())
        connection.send(b"HTTP/1.1 201 Made\r\nContent-Length: %d\r\n\r\n" % len(body), body)

    origin.behave = echo
    length = exchange(port, get("/api/x", "Content-Length: 5", method=method, body=b"hello"))
    chunks = exchange(port, get("/api/x", "Transfer-Encoding: chunked", method=method, body=b"5\r\nhello\r\n0\r\n\r\n"))
    assert [(answer.status, answer.body) for raw in (length, chunks) for answer in split(raw)] == [(201, b"hello")] * 2
    assert [method.encode()] * 2 == [head.split(b" ")[0] for head in origin.asked]


def test_an_expected_continue_is_answered_and_not_passed_on(port: int, origin: Behind) -> None:
    answers = exchange(port, get("/api/x", "Content-Length: 2", "Expect: 100-continue", method="POST", body=b"hi"))
    assert [int(status) for status in re.findall(rb"HTTP/1.1 (\d+)", answers)] == [100, 200]
    assert "expect" not in dict(fields(origin.asked[0]))


def test_what_belongs_to_the_connection_stays_behind(port: int, origin: Behind) -> None:
    exchange(
        port,
        get("/api/x", "Connection: x-gone, X-User-Segment", "X-Gone: 1", "TE: trailers", "Keep-Alive: 5", "Trailer: x",
            "Proxy-Connection: a", "Proxy-Authorization: b", "Upgrade: h2c", "X-Kept: 1", "X-Kept: 2", "Cookie: a=1"),
    )  # fmt: skip
    release = dict(fields(origin.asked[0]))["via"].removeprefix("1.1 edgekit-")
    assert [
        ("host", "x"),
        ("x-kept", "1"),
        ("x-kept", "2"),
        ("cookie", "a=1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "x"),
        ("x-forwarded-proto", "http"),
        ("x-user-segment", "free"),
        ("via", f"1.1 edgekit-{release}"),
        ("connection", "close"),
    ] == fields(origin.asked[0])


# What comes back


def test_the_answer_comes_back_as_it_is(port: int, origin: Behind) -> None:
    origin.behave = answering(
        b"HTTP/1.1 418 Teapot\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Path=/\r\nX-Odd: caf\xe9\r\nServer: shop\r\n"
        b"Content-Encoding: gzip\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
        b"Content-Length: 3\r\n\r\n\x1f\x8b\0"
    )
    (answer,) = split(exchange(port, get("/api/x")))
    assert (answer.status, answer.body) == (418, b"\x1f\x8b\0")
    found = [field for field in fields(answer.head) if field[0] not in ("date", "connection")]
    assert found == [
        ("set-cookie", "a=1"), ("set-cookie", "b=2; Path=/"), ("x-odd", "caf\xe9"), ("server", "shop"),
        ("content-encoding", "gzip"), ("content-length", "3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "answer", "status"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", 200),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5000\r\n\r\n', 304),
        ("GET", b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK, 200),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n", 200),
    ],
)
def test_answers_without_a_body_and_before_others(
    port: int, origin: Behind, method: str, answer: bytes, status: int
) -> None:
    origin.behave = answering(answer)
    came = exchange(port, get("/api/x", method=method))
    assert [f"HTTP/1.1 {status}"] == re.findall(r"HTTP/1.1 \d+", came.decode("latin-1"))
    body = came.partition(b"\r\n\r\n")[2]
    assert (b"" if method == "HEAD" or status != 200 else b"ok") == body.replace(b"2\r\nok\r\n0\r\n\r\n", b"ok")
    assert b"x-trailer" not in came.lower()
    if method == "HEAD":
        assert b"content-length: 5000\r\n" in came.lower()


def test_no_tunnel_is_opened(port: int, origin: Behind) -> None:
    (answer,) = split(exchange(port, get("/api/x", method="CONNECT")))
    assert (answer.status, origin.asked) == (400, [])


def test_a_method_in_lower_case_is_another_one(port: int, origin: Behind) -> None:
    (answer,) = split(exchange(port, get("/api/x", method="head")))
    assert (answer.body, origin.asked[0].split(b"\r\n")[0]) == (b"ok", b"head /api/x HTTP/1.1")


FOREIGN = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nforeign"


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FOREIGN)),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: %d\r\n\r\n" % len(FOREIGN)),
        ("GET", OK),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        ("POST", OK),
    ],
)
def test_what_comes_behind_an_answer_is_never_the_next_ones(
    port: int, origin: Behind, method: str, answer: bytes
) -> None:
    """An application sends a body that must not be, or a longer one than it said, with what a visitor wrote in it."""

    def behave(connection: Connection) -> None:
        head = connection.read_head()
        while head:
            connection.read_body(head)
            connection.send(OK if b"/api/next" in head else answer + FOREIGN)
            head = connection.read_head()

    origin.behave = behave
    exchange(port, get("/api/x", method=method))
    assert [split(exchange(port, get("/api/next")))[0].body for _ in range(2)] == [b"ok", b"ok"]


@pytest.mark.parametrize("answer", [OK, b"HTTP/1.1 304 Not Modified\r\n\r\n"])
def test_what_comes_behind_an_answer_may_come_late(port: int, origin: Behind, answer: bytes) -> None:
    """When the next request is on its way."""
    later = threading.Event()

    def behave(connection: Connection) -> None:
        if b"/api/next" in connection.read_head():
            later.set()
            connection.send(OK)
        else:
            connection.send(answer)
            later.wait(30)
            connection.send(FOREIGN)
            connection.wait_until_closed()

    origin.behave = behave
    exchange(port, get("/api/x"))
    assert split(exchange(port, get("/api/next")))[0].body == b"ok"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_each_request_has_a_connection_of_its_own(port: int, origin: Behind, method: str) -> None:
    """Whatever the origin would like: nothing that it sends on one can be another visitor's."""
    opened: list[Connection] = []

    def behave(connection: Connection) -> None:
        opened.append(connection)
        while connection.read_head():
            connection.send(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")

    origin.behave = behave
    statuses = [split(exchange(port, get("/api/x", method=method)))[0].status for _ in range(3)]
    assert (statuses, len(opened)) == ([200] * 3, 3)


def test_an_answer_that_names_no_server_is_ours(port: int, origin: Behind) -> None:
    (answer,) = split(exchange(port, get("/api/x")))
    assert [value for name, value in fields(answer.head) if name == "server"] == ["edgekit"]


def test_an_answer_that_nobody_would_take_is_none(port: int, origin: Behind) -> None:
    origin.behave = answering(b"HTTP/1.1 200 OK\r\nX-Odd: \x01\r\nContent-Length: 2\r\n\r\nok")
    (shown,) = split(exchange(port, get("/api/x")))
    assert (shown.status, shown.body) == (502, UNAVAILABLE)


def test_an_answer_is_passed_on_as_it_comes(port: int, origin: Behind) -> None:
    """Each piece is sent only after the client had the one before."""
    had = threading.Semaphore(0)

    def slowly(connection: Connection) -> None:
        connection.read_head()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for number in range(3):
            connection.send(b"piece %d" % number)
            assert had.acquire(timeout=30)

    origin.behave = slowly
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(get("/api/x"))
        came = b""
        for number in range(3):
            while b"piece %d" % number not in came:
                came += connection.recv(65_536)
            had.release()
        while chunk := connection.recv(65_536):
            came += chunk
    assert came.endswith(b"0\r\n\r\n")


# Origins that misbehave

UNAVAILABLE = b"<p>come back later"


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 2", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n", b"\x16\x03\x01\0\0",
        b"\0" * 500, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
    ],
)  # fmt: skip
def test_an_origin_that_talks_nonsense_is_a_bad_gateway(port: int, origin: Behind, answer: bytes) -> None:
    def behave(connection: Connection) -> None:
        connection.read_head()
        connection.send(answer)

    origin.behave = behave
    (shown,) = split(exchange(port, get("/api/x")))
    assert (shown.status, shown.body) == (502, UNAVAILABLE)
    told = dict(fields(shown.head))
    assert (told["cache-control"], told["x-site"]) == ("no-store", "ours")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_origin_that_resets_is_a_bad_gateway_and_asked_once(port: int, origin: Behind, method: str) -> None:
    def behave(connection: Connection) -> None:
        connection.read_head()
        reset(connection)

    origin.behave = behave
    (shown,) = split(exchange(port, get("/api/x", method=method)))
    assert (shown.status, len(origin.asked)) == (502, 1)


def test_an_origin_that_hangs_is_a_gateway_timeout(impatient: int, origin: Behind) -> None:
    def behave(connection: Connection) -> None:
        connection.read_head()
        connection.wait_until_closed()

    origin.behave = behave
    (shown,) = split(exchange(impatient, get("/api/x")))
    assert (shown.status, shown.body) == (504, UNAVAILABLE)
    assert origin.closed.wait(30)


@pytest.mark.parametrize("framing", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("hangs", [True, False])
def test_a_part_is_never_taken_for_the_whole(impatient: int, origin: Behind, framing: bytes, hangs: bool) -> None:
    def behave(connection: Connection) -> None:
        connection.read_head()
        connection.send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n", b"5\r\npart \r\n")
        if hangs:
            connection.wait_until_closed()

    origin.behave = behave
    came = b"HTTP/1.1 504"
    while came.startswith(b"HTTP/1.1 504"):  # on a busy machine the origin may not have begun within its second
        came = exchange(impatient, get("/api/x"))
    assert came.startswith(b"HTTP/1.1 200")
    assert b"part " in came
    assert not came.endswith(b"0\r\n\r\n")


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        write_store(tmp_path / "edge.lmdb", {"pages": {"/": "x"}, "origin": {"url": url, "fallback": True}})
        with running(tmp_path / "edge.lmdb") as (port, _):
            (shown,) = split(exchange(port, get("/api/x")))
    assert (shown.status, shown.body) == (502, b"This page is not available now.\n")


def test_an_origin_that_is_the_server_itself_ends(tmp_path: Path) -> None:
    file = tmp_path / "edge.lmdb"
    write_store(file, {"pages": {"/": "x"}})
    with running(file) as (port, _):
        write_store(file, {"pages": {"/": "x"}, "origin": {"url": f"http://127.0.0.1:{port}", "fallback": True}})
        (shown,) = split(exchange(port, get("/api/x")))
    assert shown.status == 502


# Clients that misbehave


def test_a_client_that_goes_away_ends_it(port: int, origin: Behind) -> None:
    def behave(connection: Connection) -> None:
        connection.read_head()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n", b"begin")
        connection.wait_until_closed()

    origin.behave = behave
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(get("/api/x"))
        came = b""
        while b"begin" not in came:
            came += connection.recv(65_536)
    assert origin.closed.wait(30)


def test_a_body_that_does_not_come_is_not_waited_for(impatient: int, origin: Behind) -> None:
    origin.behave = lambda connection: connection.wait_until_closed()
    (shown,) = split(exchange(impatient, get("/api/x", "Content-Length: 10", method="POST", body=b"abc")))
    assert shown.status == 408
    assert origin.closed.wait(30)


class Client:
    """Sends the beginning of a body, then nothing."""

    def __init__(self) -> None:
        self.messages = [{"type": "http.request", "body": b"abc", "more_body": True}]

    async def receive(self) -> dict[str, Any]:
        while not self.messages:
            await asyncio.sleep(60)
        return self.messages.pop()

    async def send(self, message: dict[str, Any]) -> None:
        raise AssertionError(message)


def test_nothing_holds_the_connection_of_whose_body_did_not_come(
    origin: Behind, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server closes it when nobody can read from it any more: at once, not when the collector comes."""
    monkeypatch.setattr("edgekit.replay.origin.body.ORIGIN_BODY_SECONDS", 0.01)
    origin.behave = lambda connection: connection.wait_until_closed()
    request = Request(b"/api/x", 0, "POST", headers=((b"content-length", b"10"),))
    store = open_published({**SITE, "origin": {"url": origin.url, "paths": ["/api/*"]}})

    async def ask() -> Client | None:
        forward = respond_or_forward(request, store)
        assert isinstance(forward, Forward)
        client = Client()
        held = weakref.ref(client)
        with suppress(NoAnswerError):
            await Exchange().forward(forward, request, {"scheme": "http"}, client.receive, client.send)
        del client
        return held()

    gc.disable()
    try:
        assert asyncio.run(ask()) is None
    finally:
        gc.enable()


GET = Request(b"/api/x", 0)
STEPS = 40


def test_who_goes_away_takes_no_connection_along(origin: Behind, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At whatever moment: each step of the event loop is tried, and then somebody stays."""
    origin.behave = answering(b"HTTP/1.1 204 No Content\r\n\r\n")
    monkeypatch.setattr("edgekit.replay.origin.exchange.ORIGIN_CONNECTIONS", 1)
    store = open_published({**SITE, "origin": {"url": origin.url, "paths": ["/api/*"]}})
    forward = respond_or_forward(GET, store)
    assert isinstance(forward, Forward)

    async def visit(exchange: Exchange, steps: int) -> list[int]:
        """The statuses that are sent to who goes away after so many steps."""
        sent = []

        async def receive() -> dict[str, Any]:
            step = 0
            while step < steps:
                await asyncio.sleep(0 if steps < STEPS else 60)
                step += 1
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        with suppress(NoAnswerError):
            await exchange.forward(forward, GET, {"scheme": "http"}, receive, send)
        return [message["status"] for message in sent if "status" in message]

    async def ask() -> list[int]:
        exchange = Exchange()
        for steps in range(STEPS):
            await visit(exchange, steps)
        return await visit(exchange, STEPS)

    assert asyncio.run(ask()) == [204]


def test_a_body_that_breaks_off_is_never_whole_for_the_origin(port: int, origin: Behind) -> None:
    whole: list[bytes] = []

    def behave(connection: Connection) -> None:
        whole.append(connection.read_body(connection.read_head()))

    origin.behave = behave
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(get("/api/x", "Transfer-Encoding: chunked", method="POST", body=b"3\r\nabc\r\n"))
    assert origin.closed.wait(30)
    assert whole == []


def test_an_origin_that_answers_before_the_body_has_come(port: int, origin: Behind) -> None:
    def behave(connection: Connection) -> None:
        connection.read_head()
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")

    origin.behave = behave
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        came = converse(connection, get("/api/x", "Content-Length: 200000", method="POST", body=b"x" * 200_000))
    assert came.startswith((b"HTTP/1.1 413", b"HTTP/1.1 502"))


def test_websockets_are_refused_clearly(port: int, origin: Behind) -> None:
    (shown,) = split(exchange(port, get("/api/x", "Upgrade: websocket", "Sec-WebSocket-Version: 13")))
    assert (shown.status, origin.asked) == (501, [])


def test_memory_stays_flat_with_large_bodies_and_slow_readers(
    server: tuple[int, int], port: int, origin: Behind
) -> None:
    size, piece = 192 * 1024 * 1024, b"x" * 65_536

    def behave(connection: Connection) -> None:
        head = connection.read_head()
        if head.startswith(b"POST"):
            left = size
            while left:
                left -= len(connection._take(min(left, 65_536)))
            connection.send(OK)
            return
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(piece)):
            connection.send(piece)

    origin.behave = behave
    (worker,) = children_of(server[1])
    exchange(port, get("/"))
    before = resident_bytes(worker)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(get("/api/x"))
        read = 0
        while chunk := connection.recv(1024 * 1024):
            read += len(chunk)
        during = resident_bytes(worker)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(get("/api/x", f"Content-Length: {size}", method="POST"))
        for _ in range(size // len(piece)):
            connection.sendall(piece)
        (answer,) = split(converse(connection, b""))
    assert read > size
    assert answer.status == 200
    assert max(during, resident_bytes(worker)) - before < 48 * 1024 * 1024

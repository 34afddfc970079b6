"""An origin behind TLS: its certificate is checked, and the server's log says what is wrong with one."""

import asyncio
import gc
import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edgekit.replay.core import respond_or_forward
from edgekit.replay.origin import connection as connections
from edgekit.replay.origin.exchange import Exchange, NoAnswerError
from edgekit.replay.origin.forward import Forward
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from tests.replay.origin.behind import Behave, Behind, Connection, answering, behind
from tests.replay.origin.certificates import Authority
from tests.replay.published import open_published
from tests.replay.serving import running, write_store
from tests.replay.wire import CLOSE, HOST, exchange, split

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
ADDRESS = "127.0.0.1"


@pytest.fixture(scope="module")
def origin() -> Iterator[Behind]:
    with behind() as running_origin:
        yield running_origin


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(
    origin: Behind, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    url = origin.url.replace("http:", "https:")
    write_store(file, {"pages": {"503": "<p>come back later"}, "origin": {"url": url, "paths": ["/api/*"]}})
    with running(file, environment={"SSL_CERT_FILE": str(authority.file)}) as started:
        yield started


def secured(context: ssl.SSLContext) -> Behave:
    """Answers one request behind TLS."""

    def behave(connection: Connection) -> None:
        connection.socket = context.wrap_socket(connection.socket, server_side=True)
        connection.read_body(connection.read_head())
        connection.send(OK)
        connection.socket.close()

    return behave


def ask(port: int) -> tuple[int, bytes]:
    (answer,) = split(exchange(port, b"GET /api/x HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"))
    return answer.status, answer.body


def test_an_origin_with_a_certificate_of_a_trusted_authority_is_asked_by_its_own_name(
    origin: Behind, authority: Authority, server: tuple[int, object]
) -> None:
    """Whatever `Host` the client sends, which goes on in the head."""
    origin.start_anew()
    origin.behave = secured(authority.serve_as(ADDRESS))
    assert ask(server[0]) == (200, b"ok")
    assert b"\r\nhost: x\r\n" in origin.asked[0]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("another host", "IP address mismatch, certificate is not valid for '127.0.0.1'."),
        ("the client's host", "IP address mismatch, certificate is not valid for '127.0.0.1'."),
        ("self-signed", "self-signed certificate"),
        ("expired", "certificate has expired"),
        ("no TLS", "WRONG_VERSION_NUMBER"),
    ],
)
def test_one_that_cannot_be_trusted_is_not_asked(
    origin: Behind, authority: Authority, server: tuple[int, "subprocess.Popen[str]"], what: str, told: str
) -> None:
    origin.start_anew()
    behaviours = {
        "another host": lambda: secured(authority.serve_as("shop.example")),
        "the client's host": lambda: secured(authority.serve_as("x")),
        "self-signed": lambda: secured(authority.serve_as(ADDRESS, self_signed=True)),
        "expired": lambda: secured(authority.serve_as(ADDRESS, until=datetime.now(UTC) - timedelta(days=1))),
        "no TLS": lambda: lambda connection: connection.send(OK),
    }
    origin.behave = behaviours[what]()
    port, process = server
    assert ask(port) == (502, b"<p>come back later")
    assert origin.asked == []
    assert process.stderr is not None
    (log,) = json.loads(process.stderr.readline())["logs"]
    assert log == {"level": "error", "message": f"the origin cannot be asked (ConnectError: {told})"}


def test_each_request_has_a_connection_of_its_own(
    origin: Behind, authority: Authority, server: tuple[int, object]
) -> None:
    context = authority.serve_as(ADDRESS)
    opened: list[Connection] = []

    def behave(connection: Connection) -> None:
        opened.append(connection)
        with context.wrap_socket(connection.socket, server_side=True) as connection.socket:
            while connection.read_head():
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    origin.start_anew()
    origin.behave = behave
    assert [ask(server[0]) for _ in range(3)] == [(200, b"ok")] * 3
    assert len(opened) == 3


ALERT = b"\x15\x03\x03\x00\x02\x02\x50"
"""Not encrypted, which none may be by then."""


@pytest.mark.parametrize(
    ("begun", "shown", "body"), [(b"", 502, b"<p>come back later"), (b"begin", 200, b"begin")], ids=["head", "body"]
)
def test_an_answer_that_breaks_off_within_tls_is_as_one_that_breaks_off(
    origin: Behind,
    authority: Authority,
    server: tuple[int, "subprocess.Popen[str]"],
    begun: bytes,
    shown: int,
    body: bytes,
) -> None:
    context = authority.serve_as(ADDRESS)

    def behave(connection: Connection) -> None:
        with (
            connection.socket.dup() as bare,
            context.wrap_socket(connection.socket, server_side=True) as connection.socket,
        ):
            connection.read_head()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + begun)
            bare.sendall(ALERT)
            connection.wait_until_closed()

    origin.start_anew()
    origin.behave = behave
    port, process = server
    came = exchange(port, b"GET /api/x HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert (b"HTTP/1.1 %d" % shown, body) == (came[:12], came.partition(b"\r\n\r\n")[2])
    assert process.stderr is not None
    (log,) = json.loads(process.stderr.readline())["logs"]
    assert log == {"level": "error", "message": "the origin broke off (SSLError: BAD_RECORD_TYPE)"}


# In this process, which reads its authorities anew and collects no garbage


async def forward(url: str, is_gone: asyncio.Event) -> Response:
    """What is told of a GET."""
    store = open_published({"origin": {"url": url, "paths": ["/api/*"]}})
    request = Request(b"/api/x", 0)
    found = respond_or_forward(request, store)
    assert isinstance(found, Forward)

    async def receive() -> dict[str, Any]:
        await is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        pass

    try:
        return await Exchange().forward(found, request, {"scheme": "http"}, receive, send)
    except NoAnswerError as failed:
        return failed.response


def test_who_goes_away_before_tls_is_ready_leaves_no_connection(
    origin: Behind, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    connections._trusted.cache_clear()
    greeted: list[Callable[[], object]] = []
    ended: list[bool] = []

    def behave(connection: Connection) -> None:
        connection.socket.recv(65_536)  # its hello
        greeted.pop()()
        connection.socket.settimeout(30)
        with suppress(ConnectionResetError):
            assert connection.socket.recv(1) == b""
        ended.append(True)

    origin.start_anew()
    origin.behave = behave

    async def visit() -> None:
        is_gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        greeted.append(partial(loop.call_soon_threadsafe, is_gone.set))
        told = await forward(origin.url.replace("http:", "https:"), is_gone)
        assert told.outcome == "canceled"
        await asyncio.to_thread(origin.closed.wait, 30)

    gc.disable()
    try:
        asyncio.run(visit())
    finally:
        gc.enable()
        connections._trusted.cache_clear()
    assert ended == [True]


@pytest.mark.parametrize(
    ("scheme", "told"),
    [
        ("http:", []),
        ("https:", ["the authorities of `SSL_CERT_FILE` cannot be read ([Errno 2] No such file or directory)"]),
    ],
)
def test_authorities_that_cannot_be_read_are_missed_by_those_who_need_them(
    origin: Behind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str, told: list[str]
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    connections._trusted.cache_clear()
    origin.start_anew()
    origin.behave = answering(OK)

    async def ask() -> Response:
        return await forward(origin.url.replace("http:", scheme), asyncio.Event())

    answer = asyncio.run(ask())
    assert (200 if told == [] else 502, told) == (answer.status, [log.message for log in answer.logs])

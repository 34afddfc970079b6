"""An origin behind TLS: its certificate is checked, and the server's log says what is wrong with one."""

import json
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.replay.origin.behind import Behave, Behind, Connection, behind
from tests.replay.origin.certificates import Authority
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

"""Following a tail: over restarts, and whatever the other end sends."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.live.tail import follow_tail
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.tail import Dropped, TailEvent, build_event, encode_event

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"


def make_event(path: str) -> TailEvent:
    return build_event(Request(path.encode(), 0.0), Response(200, (), b"", tier="vip", release="r1", reads=3))


def line(path: str) -> bytes:
    return encode_event(make_event(path)) + b"\n"


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, Sequence[bytes]]]:
    """A server that gives each connection one of the answers, in turn, and ends it; yields its URL and what it got."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                with server.accept()[0] as connection:
                    requests.append(connection.recv(65_536))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", requests


def follow(
    url: str, count: int, token: bytes | None = None, sample: float = 1, note: Callable[[str], None] = print
) -> list[TailEvent | Dropped]:
    return [*islice(follow_tail(url, token, sample, note), count)]


def follow_wrongly(url: str, token: bytes | None = None) -> str:
    with pytest.raises(EdgekitError) as raised:
        follow(url, 1, token)
    return str(raised.value)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgekit.live.tail._RETRY_SECONDS", 0)


def test_events_come_one_by_one_and_what_was_dropped_between_them() -> None:
    with answering(HEAD + b"\n" + line("/a") + b'\n{"dropped":7}\n' + line("/b")) as (url, _):
        assert follow(url, 3) == [make_event("/a"), Dropped(7), make_event("/b")]


def test_it_asks_for_its_sample_and_shows_its_token() -> None:
    with answering(HEAD + line("/a")) as (url, requests):
        follow(url + "/", 1, b"t0ken", 0.25)
    assert requests[0].startswith(b"GET /_edgekit/tail?sample=0.250000 HTTP/1.1\r\n")
    assert b"\r\nauthorization: bearer t0ken\r\n" in requests[0].lower()


def test_a_lost_connection_is_made_again_and_told_once() -> None:
    notes: list[str] = []
    starting = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with answering(HEAD + line("/a"), starting, b"", HEAD + line("/b")) as (url, _):
        assert follow(url, 2, note=notes.append) == [make_event("/a"), make_event("/b")]
    assert notes == [f"the connection to `{url}` is lost; trying again", f"connected to `{url}` again"]


def test_nobody_there_is_an_error_at_first() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert follow_wrongly(url).startswith(f"EK470 the tail of `{url}` cannot be followed: ")


@pytest.mark.parametrize("url", ["127.0.0.1:1818", "ftp://127.0.0.1", "http://127.0.0.1/shop", "http://u:p@127.0.0.1"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    assert follow_wrongly(url) == f"EK470 `{url}` is no URL of a server"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "it answers with status 404"),
        (b"HTTP/1.1 308 P\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", "it answers with status 308"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>", "what it answers is no tail"),
        (HEAD + b"a" * 70_000, "a line of its tail has more than 65,536 bytes"),
        (HEAD + b"<p>hello</p>\n", "a line of its tail is no event"),
        (HEAD + b'{"status":"many"}\n', "a line of its tail is no event"),
        (HEAD + b"[" * 60_000 + b"\n", "a line of its tail is no event"),
        (HEAD + b'"\xff"\n', "a line of its tail is no event"),
    ],
)
def test_what_is_no_tail_is_not_followed(answer: bytes, why: str) -> None:
    with answering(answer) as (url, _):
        assert follow_wrongly(url) == f"EK470 the tail of `{url}` cannot be followed: {why}"


def test_a_refused_token_is_no_reason_to_try_again() -> None:
    refusal = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with answering(refusal, refusal, HEAD + line("/a"), refusal) as (url, _):
        assert follow_wrongly(url) == "EK471 `127.0.0.1` asks for the admin token"
        assert follow_wrongly(url, b"wrong") == "EK471 `127.0.0.1` refuses the admin token"
        with pytest.raises(EdgekitError, match="EK471"):
            follow(url, 2, b"revoked-meanwhile")


@pytest.mark.parametrize("token", [b"s3cret\n", b"s3cret\xff", b"s3 cret"])
def test_a_token_that_no_header_can_hold_is_refused_and_not_shown(token: bytes) -> None:
    said = follow_wrongly("http://127.0.0.1:9", token)
    assert said == "EK471 the admin token has characters that no header can hold"

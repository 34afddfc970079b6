"""HTTP/1.1 as it comes from a socket: what is refused, what is read on, and what never is taken for another request."""

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.replay.serving import running, write_store
from tests.replay.wire import CLOSE, HOST, exchange, split, statuses

LONG = "<p>long</p>" * 20_000
GET = b"GET / HTTP/1.1\r\n"
END = CLOSE + b"\r\n"
NEXT = b"GET /about HTTP/1.1\r\n" + HOST + END
"""Whatever stands before it on the connection, this is a request of its own or is not read at all."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    slots = {"HOST": {"from": "request.host", "default": "nobody's", "max_length": 20}}
    pages = {"/": "home", "/about": "about", "/long": LONG, "/host": {"free": "{HOST}"}, "404": "gone"}
    write_store(file, {"slots": slots, "pages": pages, "headers": {"/host": {"server": "shop"}}})
    with running(file) as (port, _):
        yield port


def post(*lines: bytes, body: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (GET + HOST + END, [200]),
        (b"\r\n" + GET + HOST + END, [200]),
        (b"GET / HTTP/1.0\r\n\r\n", [200]),
        (b"GET http://x/about HTTP/1.1\r\n" + HOST + END, [200]),
        (b"GET http://x HTTP/1.1\r\n" + HOST + END, [200]),
        (b"GET //x/about HTTP/1.1\r\n" + HOST + END, [308]),
        (b"GET /nowhere HTTP/1.1\r\n" + HOST + END, [404]),
        (b"GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + END, [404]),
        (b"get / HTTP/1.1\r\n" + HOST + END, [405]),
        (b"TRACE / HTTP/1.1\r\n" + HOST + END, [405]),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + END, [400]),
        (b"CONNECT x:443 HTTP/1.1\r\n" + HOST + END, [400]),
        (b"GET about HTTP/1.1\r\n" + HOST + END, [400]),
        (b"GET /%2F HTTP/1.1\r\n" + HOST + END, [400]),
        (b"GET /" + b"a" * 2_047 + b" HTTP/1.1\r\n" + HOST + END, [404]),
        (b"GET /" + b"a" * 2_048 + b" HTTP/1.1\r\n" + HOST + END, [414]),
        (b"GET /" + b"a" * 66_000 + b" HTTP/1.1\r\n" + HOST + END, [414]),
        (GET + END, [400]),
        (GET + b"Host:\r\n" + END, [400]),
        (GET + HOST + HOST + END, [400]),
        (GET + b"Host: [::1]:80\r\n" + END, [200]),
        (GET + b"Host: x/y\r\n" + END, [400]),
        (GET + b"Host: x y\r\n" + END, [400]),
        (GET + b"Host: x@y\r\n" + END, [400]),
        (GET + b"Host: \xc3\xa9\r\n" + END, [400]),
        (b"GET / HTTP/1.0\r\n" + HOST + HOST + b"\r\n", [400]),
        (GET + HOST + b"X: " + b"a" * 60_000 + b"\r\n" + END, [200]),
        (GET + HOST + b"X: " + b"a" * 66_000 + b"\r\n" + END, [431]),
        (GET + HOST + b"X: " + b"a" * 300_000 + b"\r\n" + END, [431]),
        (GET + HOST + b"".join(b"X%d: 1\r\n" % number for number in range(98)) + END, [200]),
        (GET + HOST + b"".join(b"X%d: 1\r\n" % number for number in range(99)) + END, [431]),
        (GET + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + NEXT, [200, 200]),
        (GET + HOST + b"X: a\r\n b\r\n" + END + NEXT, [400]),
        (GET + b"Host : x\r\n" + END + NEXT, [400]),
        (GET + b" Host: x\r\n" + END + NEXT, [400]),
        (GET + HOST + b"X: \0\r\n" + END + NEXT, [400]),
        (GET + b"Host: x\rX: y\r\n" + END + NEXT, [400]),
        (b"GET\t/\tHTTP/1.1\r\n" + HOST + END + NEXT, [400]),
        (b"GET / HTTP/1.2\r\n" + HOST + END + NEXT, [400]),
        (b"GET /\r\n", [400]),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400]),
        (GET + HOST + b"\r\n" + GET + HOST + b"\r\n" + NEXT, [200, 200, 200]),
    ],
    ids=lambda value: repr(value)[2:40] if isinstance(value, bytes) else None,
)
def test_a_head_is_answered(port: int, request_: bytes, expected: list[int]) -> None:
    assert expected == statuses(port, request_)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (post(b"Content-Length: 5", body=b"hello") + NEXT, [405, 200]),
        (post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello") + NEXT, [405, 200]),
        (post(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n") + NEXT, [405, 200]),
        (post(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\nX: y\r\n\r\n") + NEXT, [405, 200]),
        (post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello") + NEXT, [400]),
        (post(b"Content-Length: 5, 5", body=b"hello") + NEXT, [400]),
        (post(b"Content-Length: +5", body=b"hello") + NEXT, [400]),
        (post(b"Content-Length: -1") + NEXT, [400]),
        (post(b"Content-Length: 0x5", body=b"hello") + NEXT, [400]),
        (post(b"Content-Length: 99999999999999999999", body=b"hello") + NEXT, [400]),
        (post(b"Content-Length : 5", body=b"hello") + NEXT, [400]),
        (post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n") + NEXT, [405]),
        (post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n") + NEXT, [405]),
        (post(b"Transfer-Encoding: identity", b"Content-Length: 5", body=b"hello") + NEXT, [400]),
        (post(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n") + NEXT, [400]),
        (post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n") + NEXT, [400]),
        (post(b"Transfer-Encoding: chunked", body=b"zz\r\nhello\r\n0\r\n\r\n") + NEXT, [405]),
        (post(b"Transfer-Encoding: chunked", body=b"-1\r\nhello\r\n0\r\n\r\n") + NEXT, [405]),
        (post(b"Transfer-Encoding: chunked", body=b"5;" + b"e" * 20_000 + b"\r\nhello\r\n0\r\n\r\n") + NEXT, [405]),
        (b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, [400]),
    ],
    ids=lambda value: repr(value)[28:80] if isinstance(value, bytes) else None,
)
def test_a_body_is_never_the_next_request(port: int, request_: bytes, expected: list[int]) -> None:
    """Shapes that two servers may read differently: what is read on after them was sent as a request."""
    assert expected == statuses(port, request_)


@pytest.mark.parametrize("size", [100_000, 1_000_000])
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_a_body_that_nobody_asked_for_is_dropped(port: int, method: bytes, size: int) -> None:
    request = method + b" / HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % size + b"x" * size
    assert statuses(port, request + NEXT) == [200 if method == b"GET" else 405, 200]


def test_a_body_without_end_is_dropped_up_to_a_bound(port: int) -> None:
    chunks = (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 16
    sent = 0
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as connection,
        suppress(ConnectionError),
    ):
        connection.sendall(post(b"Transfer-Encoding: chunked"))
        while sent < 64:
            connection.sendall(chunks)
            sent += 1
    assert 0 < sent < 64


def test_who_waits_for_100_continue_is_answered_instead(port: int) -> None:
    assert statuses(port, post(b"Content-Length: 5", b"Expect: 100-continue")) == [405]


def test_a_long_page_arrives_whole_with_its_length(port: int) -> None:
    whole, head = (
        split(exchange(port, method + b" /long HTTP/1.1\r\n" + HOST + END), is_head=method == b"HEAD")[0]
        for method in (b"GET", b"HEAD")
    )
    assert (whole.body, head.body) == (LONG.encode(), b"")
    assert b"\r\ncontent-length: %d\r\n" % len(LONG) in whole.head
    assert whole.head.partition(b"\r\ndate")[0] == head.head.partition(b"\r\ndate")[0]


def test_a_request_of_http_1_0_without_a_host_has_none(port: int) -> None:
    assert exchange(port, b"GET /host HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nnobody&#39;s")
    assert exchange(port, b"GET /host HTTP/1.0\r\nHost: x.example\r\n\r\n").endswith(b"\r\n\r\nx.example")


@pytest.mark.parametrize("path", [b"/", b"/long", b"/nowhere", b"/a/../b", b"//about"])
def test_every_answer_names_the_server_without_a_version_and_has_a_date(port: int, path: bytes) -> None:
    head = split(exchange(port, b"GET " + path + b" HTTP/1.1\r\n" + HOST + END))[0].head
    assert [line for line in head.split(b"\r\n") if line.startswith(b"server")] == [b"server: edgekit"]
    assert head.count(b"\r\ndate: ") == 1
    assert head.endswith(b" GMT\r\n")


def test_a_site_may_name_its_server(port: int) -> None:
    head = split(exchange(port, b"GET /host HTTP/1.1\r\n" + HOST + END))[0].head
    assert [line for line in head.split(b"\r\n") if line.startswith(b"server")] == [b"server: shop"]

"""Nasty requests through to an origin, and nasty answers back: what belongs to one is never taken for another's."""

import random
import re
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.replay.origin.behind import Behind, Connection, behind
from tests.replay.serving import running, write_store
from tests.replay.test_endurance import BODIES, HEADERS
from tests.replay.wire import CLOSE, HOST, Answer, exchange, split
from tests.scale import scaled

UNAVAILABLE = b"<p>come back later"


@pytest.fixture(scope="module")
def origin() -> Iterator[Behind]:
    with behind() as running_origin:
        yield running_origin


@pytest.fixture(scope="module")
def server(origin: Behind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    site = {"pages": {"/": "home", "503": UNAVAILABLE.decode()}, "origin": {"url": origin.url, "paths": ["/api/*"]}}
    write_store(file, site)
    with running(file, ORIGIN_BODY_SECONDS=10, HEAD_SECONDS=10) as (port, process):  # less than a client waits
        assert process.stderr is not None
        threading.Thread(target=process.stderr.read, daemon=True).start()  # each bad answer is a line there
        yield port


@pytest.fixture
def port(server: int, origin: Behind) -> int:
    origin.start_anew()
    return server


# Requests

HEAD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ /api/[!-~]* HTTP/1\.1\r\n(?:[a-z0-9-]+: [\t\x20-\x7e\x80-\xff]*\r\n)+")
"""What every server reads alike: no folded line, no bare CR or LF, no other spelling of a name."""
MARK = re.compile(rb"\r\nvia: [^\r\n]*1\.1 edgekit-[0-9a-f]{32}\r\n")
"""edgekit's own words stand in each head that it has written, and in nothing that a client sends as a body."""
SMUGGLED = b"GET /api/smuggled HTTP/1.1\r\nHost: x\r\nX-User-Segment: smuggled\r\n\r\n"
TARGETS = b"/api/a /api/a?b=/api/ /api//b /api/%0d%0aX:y /api/\xff /api/a#b http://y/api/a /api/".split(b" ")
METHODS = [b"GET", b"GET", b"POST", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"get", b"PRI", b"CONNECT"]
FRAMINGS = [
    line + b"\r\n"
    for line in (
        b"Content-Length: %d|Content-Length: 0|Content-Length: %d\r\nContent-Length: 0|Content-Length: 0, %d|"
        b"Transfer-Encoding: chunked|Transfer-Encoding: chunked\r\nContent-Length: %d|transfer-encoding:chunked|"
        b"Transfer-Encoding: x, chunked|Transfer_Encoding: chunked|Content-Length : %d|Content-Length:\t%d|"
        b"Transfer-Encoding: chunked\r\nConnection: transfer-encoding|Content-Length: %d\r\nConnection: content-length|"
        b"X: 1\nContent-Length: %d|Content-Length: +%d|Content-Length: %d\r\n 0|Content-Length: 00%d"
    ).split(b"|")
]


def write_request(chance: random.Random) -> bytes:
    """One with a body that looks like another request, and a framing that two servers may read differently."""
    chunked = b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\n\r\n"
    body = chance.choice((SMUGGLED, SMUGGLED, chunked, chunked, b"0\r\n\r\n" + SMUGGLED, chance.choice(BODIES)))
    framing = chance.choice(FRAMINGS)
    lines = [
        HOST,
        framing % len(body) if b"%d" in framing else framing,
        *chance.choices(HEADERS, k=chance.choice((0, 0, 1))),
    ]
    chance.shuffle(lines)
    request = bytearray(
        chance.choice(METHODS) + b" " + chance.choice(TARGETS) + b" HTTP/1.1\r\n" + b"".join(lines) + b"\r\n"
    )
    if chance.random() < 0.3:
        place = chance.randrange(len(request))
        request[place:place] = chance.choice((b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b"\xff", b":", b"0"))
    return bytes(request) + body


def test_nothing_of_one_request_is_taken_for_another_by_the_origin(port: int, origin: Behind) -> None:
    """It answers with the target that it was asked for; what it cannot read as edgekit meant it is a fault."""
    faults: list[bytes] = []

    def echo(connection: Connection) -> None:
        while head := connection.read_head():
            framing = re.findall(rb"\r\n(?:content-length: [0-9]+|transfer-encoding: chunked)(?=\r\n)", head)
            named = len(re.findall(rb"\r\n(?:content-length|transfer-encoding):", head.lower()))
            if not HEAD.fullmatch(head) or len(MARK.findall(head)) != 1 or not len(framing) == named <= 1:
                faults.append(head)
            connection.read_body(head)
            body = head.split(b" ")[1]
            sent = b"" if head.startswith(b"HEAD ") else body
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + sent)

    origin.behave = echo
    for seed in range(scaled(250)):
        chance = random.Random(seed)
        own = b"/api/own%d" % seed
        last = b"GET " + own + b" HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"
        answers = exchange(port, b"".join(write_request(chance) for _ in range(chance.choice((1, 1, 2)))) + last)
        assert b"smuggled HTTP" not in answers
        (answer,) = split(exchange(port, last))  # whoever comes next, perhaps on the same connection to the origin
        assert (seed, answer.status, answer.body) == (seed, 200, own)
    assert faults == []
    assert {head.split(b" ")[0] for head in origin.asked} >= {b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS"}


# Answers

Expected = tuple[int, bytes] | None
"""Status and body; None if the client may have nothing that it takes for a whole answer of the origin's."""


def write_answer(chance: random.Random, mark: bytes) -> tuple[bytes, Expected, bool]:
    """An answer whose body is of `mark`, what the client is to get of it, and whether its end is the connection's."""
    body = mark * chance.choice((1, 1, 3, 5_000))
    whole: Expected = (200, body)
    cut = body[: chance.randrange(len(body))]
    ok = b"HTTP/1.1 200 OK\r\n"
    with_length = ok + b"Content-Length: %d\r\n\r\n" % len(body)
    chunks = ok + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body)
    another = ok + b"Content-Length: 8\r\n\r\npoisoned"
    noise = chance.randbytes(chance.choice((1, 20, 3_000)))
    return chance.choice(
        (
            (with_length + body, whole, False),
            (chunks + body + b"\r\n0\r\n\r\n", whole, False),
            (b"HTTP/1.0 200 OK\r\n\r\n" + body, whole, True),
            (ok + b"\r\n" + body, whole, True),
            (ok.replace(b"200", b"103") + b"\r\n" + with_length + body, whole, False),
            (with_length + cut, None, True),
            (chunks + cut, None, True),
            (chunks + body + b"\r\n", None, True),
            (chunks + body + b"\r\nzz\r\n", None, True),
            (chunks + body + b"x0\r\n\r\n", None, True),
            (with_length[: chance.randrange(1, len(with_length))], None, True),
            (with_length + body + another, whole, False),
            (chunks + body + b"\r\n0\r\n\r\n" + another, whole, False),
            (ok.replace(b"200", b"204") + b"\r\n" + another, (204, b""), False),
            (ok.replace(b"200", b"304") + b"Content-Length: 9\r\n\r\n" + another, (304, b""), False),
            (ok + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n" + body, None, True),
            (ok + b"Content-Length: -1\r\n\r\n" + body, None, True),
            (ok + b"Transfer-Encoding: gzip\r\n\r\n" + body, None, True),
            (ok + b"X: a\r\n b\0\r\nContent-Length: 1\r\n\r\n" + body, None, True),
            (ok.replace(b"200", b"999999") + b"\r\n" + body, None, True),
            (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" + another, None, True),
            (noise, None, True),
            (noise + with_length + body, None, True),
        )
    )


def read_answer(port: int, request: bytes) -> tuple[Answer, bool]:
    """The answer, and whether a client takes it for a whole one."""
    came = exchange(port, request)
    head, end, body = came.partition(b"\r\n\r\n")
    assert end, came[:200]
    head += b"\r\n"
    status = int(head.split(b" ")[1])
    length = re.search(rb"\r\ncontent-length: (\d+)\r\n", head)
    if status in (204, 304):
        return Answer(status, head, body), body == b""
    if length is not None:
        return Answer(status, head, body), len(body) == int(length[1])
    assert b"\r\ntransfer-encoding: chunked\r\n" in head, head  # else nobody could tell a part from the whole
    joined = b""
    with suppress(ValueError, IndexError):
        while True:
            line, _, body = body.partition(b"\r\n")
            size = int(line, 16)
            joined, body = joined + body[:size], body[size:]
            if size == 0:
                return Answer(status, head, joined), body == b"\r\n"
            body = body.removeprefix(b"\r\n")
    return Answer(status, head, joined), False


def test_what_an_origin_answers_reaches_who_asked_whole_or_not_at_all(port: int, origin: Behind) -> None:
    """After each the next client asks, perhaps on the same connection, and must get its own answer."""

    def behave(connection: Connection) -> None:
        while head := connection.read_head():
            connection.read_body(head)
            target = head.split(b" ")[1]
            if target.startswith(b"/api/next"):
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(target) + target)
                continue
            answer, _, is_last = write_answer(random.Random(target), b"<%s>" % target)
            connection.send(answer)
            if is_last:
                return

    origin.behave = behave
    wrong = []
    for seed in range(scaled(250)):
        target = b"/api/%d" % seed
        method = random.Random(seed).choice((b"GET", b"GET", b"POST", b"DELETE"))
        answer, is_whole = read_answer(port, method + b" " + target + b" HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
        sent, expected, _ = write_answer(random.Random(target), b"<%s>" % target)
        ours = (answer.status, answer.body, is_whole) == (502, UNAVAILABLE, True)
        is_exact = is_whole and expected == (answer.status, answer.body)
        is_right = is_exact if expected else ours or not is_whole
        following, _ = read_answer(port, b"GET /api/next%d HTTP/1.1\r\n" % seed + HOST + CLOSE + b"\r\n")
        if not is_right or (following.status, following.body) != (200, b"/api/next%d" % seed):
            wrong.append((seed, sent[:200], answer.status, answer.body[:50], is_whole, following.body[:50]))
    assert wrong == []

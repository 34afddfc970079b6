"""The real server over a real store: many users at once, publishes in between, and how it starts and stops."""

import http.client
import json
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.store import open_store
from edgekit.model.keys import USER_SEGMENTS
from edgekit.replay.options import Options
from edgekit.replay.server import serve
from tests.replay.serving import running, write_release, write_store
from tests.scale import scaled

TIERS = ("free", "premium", "vip")
USERS = 200


def make_site(release: int) -> dict[str, Any]:
    """Every text tells its release, its tier and its user, so that a mix would show."""
    fragment = (
        "release {0} tier {1} live {{LIVE}} user {{ID}} name {{NAME}} " + "x" * 2_000 + " {{NAME}} release {0} end"
    )
    return {
        "slots": {
            "ID": {"from": "user.id", "default": "guest", "max_length": 20},
            "NAME": {"from": "user.name", "default": "nobody", "max_length": 40},
            "LIVE": {"from": "segment.live", "max_length": 40},
        },
        "segments": {tier: {"live": f"{tier} {release}"} for tier in TIERS},
        "pages": {
            "/": {tier: fragment.format(release, tier) for tier in TIERS},
            "/other": {tier: "other " + fragment.format(release, tier) for tier in TIERS},
            "/about": f"about {release}",
        },
        "users": {f"u{number}": {"tier": TIERS[number % 3], "name": f"<name of u{number}>"} for number in range(USERS)},
    }


def expected(path: str, release: int, number: int | None) -> str:
    if path == "/about":
        return f"about {release}"
    tier = "free" if number is None else TIERS[number % 3]
    user = "guest" if number is None else f"u{number}"
    name = "nobody" if number is None else f"&lt;name of u{number}&gt;"
    text = f"release {release} tier {tier} live {tier} {release} user {user} name {name} " + "x" * 2_000
    return ("other " if path == "/other" else "") + text + f" {name} release {release} end"


def fetch(port: int, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def exchange(port: int, request: bytes) -> bytes:
    """A raw exchange, for what a client library would not send."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    return answer


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    write_store(file, make_site(1))
    return file


@pytest.fixture(scope="module")
def port(file: Path) -> Iterator[int]:
    with running(file) as (port, _):
        yield port


def test_no_answer_holds_another_users_value(port: int) -> None:
    def visit(client: int) -> set[tuple[int, str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        wrong = set()
        for turn in range(scaled(60)):
            number = None if turn % 7 == 0 else (client * 31 + turn * 17) % USERS
            path = ("/", "/other", "/about")[(client + turn) % 3]
            connection.request("GET", path, headers={} if number is None else {"x-user-id": f"u{number}"})
            response = connection.getresponse()
            body = response.read().decode()
            if (200, expected(path, 1, number)) != (response.status, body):
                wrong.add((response.status, path, body[:200]))
        connection.close()
        return wrong

    with ThreadPoolExecutor(24) as clients:
        assert set() == set().union(*clients.map(visit, range(24)))


def test_every_answer_is_of_one_release_while_others_are_published(tmp_path: Path) -> None:
    file = tmp_path / "edge.lmdb"
    write_store(file, make_site(1))
    published = [1]
    done = threading.Event()

    def visit(client: int) -> tuple[int, list[str]]:
        wrong, seen = [], 0
        while not done.is_set() or seen == 0:
            number = (client * 31 + seen * 17) % USERS
            path = ("/", "/other", "/about")[(client + seen) % 3]
            oldest = published[-1]
            status, body = fetch(port, path, {"x-user-id": f"u{number}"})
            told = re.search(r"(?:release|about) (\d+)", body)
            release = int(told[1]) if told else -1
            # At its next request the server answers from the release that was published before it.
            if status != 200 or body != expected(path, release, number) or release < oldest:
                wrong.append(f"{oldest}: {status} {body[:200]}")
            seen += 1
        return seen, wrong

    with running(file) as (port, _), open_store(file) as store, ThreadPoolExecutor(8) as clients:
        visits = [clients.submit(visit, client) for client in range(8)]
        for release in range(2, 2 + scaled(25)):
            write_release(store, make_site(release))
            published.append(release)
            fetch(port, "/")
        done.set()
        results = [visit.result() for visit in visits]
    assert [line for _, wrong in results for line in wrong] == []
    assert all(seen > 0 for seen, _ in results)


def test_a_written_user_is_seen_at_the_next_request(file: Path, port: int) -> None:
    with open_store(file) as store, store.write() as transaction:
        transaction.put(USER_SEGMENTS, "new", bytes(8) + b'{"tier":"vip","name":"New"}')
    assert "tier vip live vip 1 user new name New " in fetch(port, "/", {"x-user-id": "new"})[1]


def test_the_path_is_judged_as_it_came(port: int) -> None:
    assert [
        fetch(port, path)[0] for path in ("/about", "/%61bout", "//about", "/about%2F", "/a/../about", "/nowhere")
    ] == [200, 308, 308, 400, 400, 404]


def test_repeated_identity_headers_are_dropped(port: int) -> None:
    request = b"GET / HTTP/1.1\r\nHost: x\r\nX-User-Id: u1\r\nX-User-Id: \xff\r\nConnection: close\r\n\r\n"
    assert b"user guest name nobody" in exchange(port, request)


def test_head_has_the_length_of_get(port: int) -> None:
    head = exchange(port, b"HEAD /about HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").decode()
    assert "\r\ncontent-length: 7\r\n" in head
    assert head.endswith("\r\n\r\n")


def test_304_over_the_wire(port: int) -> None:
    first = exchange(port, b"GET /about HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    etag = re.search(rb"etag: (\S+)", first)
    assert etag
    again = exchange(
        port, b"GET /about HTTP/1.1\r\nHost: x\r\nIf-None-Match: %b\r\nConnection: close\r\n\r\n" % etag[1]
    )
    assert again.startswith(b"HTTP/1.1 304 ")
    assert again.endswith(b"\r\n\r\n")


def test_an_overlong_head_is_refused(port: int) -> None:
    answer = exchange(port, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\nConnection: close\r\n\r\n")
    assert not answer.startswith(b"HTTP/1.1 200")


def test_two_workers_answer_and_stop(file: Path) -> None:
    with running(file, workers=2) as (port, process):
        assert {200} == {fetch(port, "/", {"x-user-id": f"u{number}"})[0] for number in range(20)}
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "stopped\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_quietly(file: Path, number: signal.Signals) -> None:
    with running(file) as (port, process):
        assert fetch(port, "/about")[0] == 200
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "stopped\n", "")
    with pytest.raises(ConnectionRefusedError):
        fetch(port, "/about")


def test_a_critical_event_is_one_json_line_on_stderr(tmp_path: Path) -> None:
    file = tmp_path / "edge.lmdb"
    write_store(file, make_site(1) | {"users": {"u1": "damaged"}})
    with running(file) as (port, process):
        assert fetch(port, "/?secret=1", {"x-user-id": "u1"})[0] == 200
        assert fetch(port, "/", {"x-user-id": "u2"})[0] == 200
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    event = json.loads(errors)
    assert (event["path"], event["status"], event["outcome"], event["reads"]) == ("/", 200, "ok", 3)
    assert "damaged record" in event["logs"][0]["message"]


def test_a_store_without_a_release_is_not_served(tmp_path: Path) -> None:
    open_store(tmp_path / "edge.lmdb", create=True).close()
    with pytest.raises(EdgekitError, match="EK452 nothing is published"):
        serve(tmp_path / "edge.lmdb", "127.0.0.1", 0, Options())


def test_a_worker_that_dies_ends_the_server(file: Path) -> None:
    with running(file) as (port, process):
        assert fetch(port, "/about")[0] == 200
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "EK453 a worker of the server died" in errors

"""The real server over a real store: many users at once, publishes in between, and how it starts and stops."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.store import open_store
from edgekit.model.keys import USER_SEGMENTS
from edgekit.replay.options import Options
from edgekit.replay.runtime import runtime_folder
from edgekit.replay.server import allow_connections, serve
from tests.replay.serving import children_of, running, write_release, write_store
from tests.replay.wire import converse, exchange, fetch, is_listening, split
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


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    write_store(file, make_site(1))
    return file


@pytest.fixture(scope="module")
def port(file: Path) -> Iterator[int]:
    with running(file) as (port, _):
        yield port


def write_request(path: str, number: int | None) -> bytes:
    user = "" if number is None else f"x-user-id: u{number}\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{user}\r\n".encode()


def close(request: bytes) -> bytes:
    return request.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n"


REQUESTS = 10_000
CLIENTS = 8
RELEASES = 25
TOGETHER = 10
"""Requests that a client sends at once on its connection."""


@pytest.mark.parametrize("workers", [1, 3])
def test_every_answer_is_its_users_own_and_of_one_release_while_others_are_published(
    tmp_path: Path, workers: int
) -> None:
    file = tmp_path / "edge.lmdb"
    write_store(file, make_site(1))
    published = [1]
    batches = scaled(REQUESTS // 2 // CLIENTS // TOGETHER)
    done = threading.Semaphore(0)

    def visit(client: int) -> list[str]:
        wrong: list[str] = []
        for batch in range(batches):
            turns = range(batch * TOGETHER, (batch + 1) * TOGETHER)
            asked = [
                (
                    ("/", "/other", "/about")[(client + turn) % 3],
                    None if turn % 7 == 0 else (client * 31 + turn * 17) % USERS,
                )
                for turn in turns
            ]
            oldest = published[-1]
            requests = [write_request(path, number) for path, number in asked]
            answers = split(exchange(port, b"".join(requests[:-1]) + close(requests[-1])))
            for (path, number), answer in zip(asked, answers, strict=True):
                body = answer.body.decode()
                told = re.search(r"(?:release|about) (\d+)", body)
                release = int(told[1]) if told else -1
                # At its next request the server answers from the release that was published before it.
                if answer.status != 200 or body != expected(path, release, number) or release < oldest:
                    wrong.append(f"{oldest}: {answer.status} {body[:200]}")
            done.release()
        return wrong

    with running(file, workers) as (port, _), open_store(file) as store, ThreadPoolExecutor(CLIENTS) as clients:
        visits = [clients.submit(visit, client) for client in range(CLIENTS)]
        for number in range(CLIENTS * batches):
            done.acquire()
            if number % (CLIENTS * batches // scaled(RELEASES)) == 0:
                write_release(store, make_site(published[-1] + 1))
                published.append(published[-1] + 1)
        assert [line for visit in visits for line in visit.result()] == []


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


@pytest.mark.parametrize("workers", [1, 2])
def test_no_request_is_dropped_when_it_stops(file: Path, workers: int) -> None:
    """Whose request was read gets the whole answer; who comes later is refused, or gets not one byte."""
    answers: list[bytes] = []
    answered = threading.Semaphore(0)

    def visit(_: int) -> bool:
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=30)
            except (ConnectionRefusedError, ConnectionResetError):  # reset: nobody listens any more for who waited
                return True
            with connection:
                answers.append(converse(connection, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
            answered.release()

    with running(file, workers, STOP_SECONDS=60) as (port, process), ThreadPoolExecutor(CLIENTS) as clients:
        visits = [clients.submit(visit, client) for client in range(CLIENTS)]
        for _ in range(200):
            answered.acquire()
        process.send_signal(signal.SIGTERM)
        assert all(visit.result(30) for visit in visits)
        output, errors = process.communicate(timeout=20)
    assert {(200, expected("/", 1, None).encode())} == {
        (answer.status, answer.body) for whole in answers for answer in split(whole)
    }
    assert answers.count(b"") <= CLIENTS
    assert (process.returncode, output, errors) == (0, "stopped\n", "")


def test_an_answer_that_is_being_read_is_finished_when_it_stops(tmp_path: Path) -> None:
    write_store(tmp_path / "edge.lmdb", {"pages": {"/": "x" * 2_000_000}})
    with running(tmp_path / "edge.lmdb", STOP_SECONDS=60) as (port, process):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            first = connection.recv(1_000)
            process.send_signal(signal.SIGTERM)
            while is_listening(port):
                time.sleep(0.01)
            rest = converse(connection, b"")
        assert process.wait(20) == 0
    assert [(answer.status, len(answer.body)) for answer in split(first + rest)] == [(200, 2_000_000)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_it_quietly(file: Path, number: signal.Signals) -> None:
    with running(file) as (port, process):
        assert fetch(port, "/about")[0] == 200
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "stopped\n", "")
    with pytest.raises(ConnectionRefusedError):
        fetch(port, "/about")


def test_a_signal_that_comes_while_it_is_stopped_ends_it_when_it_goes_on(file: Path) -> None:
    with running(file) as (_, process):
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "stopped\n", "")


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


@pytest.mark.parametrize(
    ("limits", "raised", "connections"),
    [
        ((1_024, 1_048_576), (2_688, 1_048_576), 2_048),
        ((1_024, resource.RLIM_INFINITY), (2_688, resource.RLIM_INFINITY), 2_048),
        ((1_024, 1_024), (1_024, 1_024), 384),
        ((512, 1_024), (1_024, 1_024), 384),
        ((64, 64), (64, 64), 1),
        ((4_096, 4_096), None, 2_048),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None, 2_048),
    ],
)
def test_a_worker_takes_no_more_connections_than_it_has_descriptors_for(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], raised: tuple[int, int] | None, connections: int
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: asked.append(wanted))
    assert connections == allow_connections()
    assert ([] if raised is None else [raised]) == asked


def test_a_store_without_a_release_is_not_served(tmp_path: Path) -> None:
    open_store(tmp_path / "edge.lmdb", create=True).close()
    with pytest.raises(EdgekitError, match="EK452 nothing is published"):
        serve(tmp_path / "edge.lmdb", "127.0.0.1", 0, Options())


def test_a_worker_that_cannot_start_ends_the_server_at_once() -> None:
    """Not after the 30 seconds in which it may begin to listen."""
    program = """
from edgekit.replay.server import run_server
def load():
    raise OSError("no such thing")
run_server(load, "127.0.0.1", 0, on_start=lambda: print("started"))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "no such thing" in ended.stderr
    assert "EK453 a worker of the server died" in ended.stderr


def test_the_only_worker_that_dies_ends_the_server(file: Path) -> None:
    with running(file) as (port, process):
        assert fetch(port, "/about")[0] == 200
        os.kill(children_of(process.pid)[0], signal.SIGKILL)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "EK453 a worker of the server died" in errors


def both_workers(parent: int) -> list[int]:
    """Of a server that answers: it does so as soon as the first of them listens."""
    while len(workers := children_of(parent)) < 2:
        time.sleep(0.01)
    return workers


def replace(parent: int, worker: int) -> int:
    """Kill a worker, and wait for the one that comes instead."""
    before = set(children_of(parent))
    os.kill(worker, signal.SIGKILL)
    while not (new := set(children_of(parent)) - before):
        time.sleep(0.01)
    return new.pop()


def test_a_worker_that_dies_beside_others_is_replaced(file: Path) -> None:
    with running(file, workers=2) as (port, process):
        for worker in both_workers(process.pid):
            replace(process.pid, worker)
        assert fetch(port, "/about") == (200, "about 1")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert [line.split("] ")[1] for line in errors.splitlines()] == [
        "Unexpected exit from worker-1",
        "Unexpected exit from worker-2",
    ]


def test_a_worker_whose_successor_dies_ends_the_server(file: Path) -> None:
    with running(file, workers=2) as (_, process):
        os.kill(replace(process.pid, both_workers(process.pid)[0]), signal.SIGKILL)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "EK453 a worker of the server died" in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_server_however_it_ends_and_its_folder_with_them_or_the_next(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with running(file, 2, {"TMPDIR": str(tmp_path)}) as (port, process):
        with runtime_folder() as other:
            (folder,) = set(tmp_path.glob("edgekit-serve-*")) - {other}
        process.send_signal(number)
        process.wait(20)
        # Every worker holds the other end of the pipe, and the last one to go closes it.
        process.communicate(timeout=20)
        assert not is_listening(port)
    assert folder.exists() == (number == signal.SIGKILL)
    deadline = time.monotonic() + 20
    while folder.exists():  # the last worker's lock is freed a moment after its end of the pipe
        assert time.monotonic() < deadline
        with runtime_folder():
            pass

"""The tail, the metrics and the health of real servers with several workers."""

import contextlib
import http.client
import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from edgekit.kv.store import open_store
from edgekit.model.keys import CURRENT, EDGEKIT
from tests.replay.serving import running, write_store
from tests.replay.test_metrics import Samples, read_samples, requests

LONG: Final = 12 * 1024 * 1024
"""Bytes: more than the system takes for a reader that does not read."""
SITE: Final[dict[str, Any]] = {
    "slots": {"NAME": {"from": "user.name", "default": "nobody", "max_length": 40}},
    "segments": {"free": {}, "vip": {}},
    "pages": {"/": {"free": "free {NAME}", "vip": "vip {NAME}"}, "/about": "about", "/long": "x" * LONG},
    "assets": {"/static/a.css": "p {}"},
    "users": {"u1": {"tier": "vip", "name": "Ada of the secret name"}, "u2": "damaged"},
    "identity": {"trusted_proxies": ["127.0.0.1/32"], "proxies_named": True},
}
PROXY_SECRET: Final = {"EDGEKIT_PROXY_SECRET": "s" * 32}
TOKEN: Final = "t0ken-of-this-test" * 2
SECONDS: Final = 20
"""How long anything may take that is waited for."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    write_store(file, SITE)
    return file


@pytest.fixture(scope="module")
def port(file: Path) -> Iterator[int]:
    with running(file, workers=3) as (port, _):
        yield port


def ask(
    port: int, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, dict[str, str], str]:
    """On a connection of its own, so that any of the workers answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()


@contextmanager
def listening(port: int, query: str = "", headers: dict[str, str] | None = None) -> Iterator[Iterator[dict[str, Any]]]:
    """Yields the events that come, once the server has begun to send them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", f"/_edgekit/tail{query}", headers=headers or {})
        response = connection.getresponse()
        assert (response.status, response.readline()) == (200, b"\n")
        yield (json.loads(line) for line in iter(response.readline, b"") if line != b"\n")


def read_metrics(port: int) -> Samples:
    return read_samples(ask(port, "/_edgekit/metrics")[2].encode())


def test_the_tail_tells_of_all_workers(port: int) -> None:
    with listening(port) as events:
        for number in range(30):
            ask(port, f"/?secret={number}", {"x-user-id": "u1"})
        found = [next(events) for _ in range(30)]
    assert [(event["path"], event["status"], event["tier"], event["reads"]) for event in found] == [
        ("/", 200, "vip", 2)
    ] * 30
    assert "secret" not in json.dumps(found)


def test_several_listen_each_to_what_it_asked_for(port: int) -> None:
    with listening(port, "?sample=0") as critical, listening(port, "?sample=1.0") as all:
        ask(port, "/about")
        ask(port, "/", {"x-user-id": "u2"})
        assert {next(all)["path"] for _ in range(2)} == {"/about", "/"}  # two workers may tell in any order
        event = next(critical)
    assert event["path"] == "/"
    assert event["logs"] == [
        {"level": "error", "message": "USER_SEGMENTS holds a damaged record; answered as if there were no record"}
    ]


@pytest.mark.parametrize("query", ["?sample=2", "?sample=-1", "?sample=", "?sample=nan", "?sample=1e-9", "?all"])
def test_a_query_that_is_no_sample_is_refused(port: int, query: str) -> None:
    assert ask(port, f"/_edgekit/tail{query}")[0] == 400


@pytest.mark.parametrize("is_reset", [False, True])
def test_an_answer_whose_reader_goes_is_canceled(port: int, is_reset: bool) -> None:
    """As far as the worker hears of it: on a busy machine that may be after it has handed over the rest."""
    with listening(port) as told:
        events = (event for event in told if event["path"] == "/long")
        outcomes: list[str] = []
        while "canceled" not in outcomes:
            assert len(outcomes) < 50
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert connection.recv(15) == b"HTTP/1.1 200 OK"
                if is_reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            outcomes.append(next(events)["outcome"])
        assert len(ask(port, "/long")[2]) == LONG
        event = next(events)
        assert (event["status"], event["outcome"]) == (200, "ok")


def test_a_reader_that_does_not_read_slows_nobody(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as slow, listening(port, "?sample=0"):
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.sendall(b"GET /_edgekit/tail HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.recv(15) == b"HTTP/1.1 200 OK"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        answers = set()
        for _ in range(500):
            connection.request("GET", "/about" + "x" * 1_000)
            response = connection.getresponse()
            response.read()
            answers.add(response.status)
        connection.close()
    assert answers == {404}


def test_metrics_count_over_all_workers(file: Path) -> None:
    wanted = {
        requests("user", "vip", "200"): 20,
        requests("user", "free", "200"): 20,
        requests("asset", "none", "200"): 20,
        requests("static", "none", "200"): 20,
        requests("static", "none", "304"): 20,
        ("edgekit_fallbacks_total", (("kind", "user"),)): 20,
        ("edgekit_cpu_seconds_count", (("class", "asset"),)): 20,
        ("edgekit_lookups_sum", (("class", "user"),)): 80,
        ("edgekit_cold_starts_total", ()): 3,
    }
    with running(file, workers=3) as (port, _):
        for _ in range(20):
            ask(port, "/", {"x-user-id": "u1"})
            ask(port, "/", {"x-user-id": "u2"})
            ask(port, "/static/a.css")
            etag = ask(port, "/about")[1]["etag"]
            ask(port, "/about", {"if-none-match": etag})
        until = time.monotonic() + SECONDS
        found: Samples = {}
        while found != wanted and time.monotonic() < until:  # the workers tell each other once a second
            metrics = read_metrics(port)
            found = {name: metrics[name] for name in wanted if name in metrics}
    assert found == wanted


def test_health_is_little_and_stored_nowhere(port: int, file: Path) -> None:
    with open_store(file) as store, store.snapshot() as snapshot:
        release = (snapshot.get(EDGEKIT, CURRENT) or b"").decode()
    status, headers, body = ask(port, "/_edgekit/health", {"host": "shop.example"})
    assert (status, json.loads(body)) == (200, {"release": release, "store": "ok"})
    assert headers["cache-control"] == "no-store"
    status, head, nothing = ask(port, "/_edgekit/health", method="HEAD")
    assert (status, head["content-length"], nothing) == (200, headers["content-length"], "")


@pytest.mark.parametrize("path", ["/_edgekit/health", "/_edgekit/metrics", "/_edgekit/tail"])
def test_they_only_tell(port: int, path: str) -> None:
    status, headers, _ = ask(port, path, method="POST")
    assert status == 405
    assert headers["allow"].startswith("GET")


@pytest.mark.parametrize("path", ["/_edgekit/metrics", "/_edgekit/tail"])
def test_in_development_they_are_for_this_machine(port: int, path: str) -> None:
    assert ask(port, path, {"x-forwarded-for": "192.0.2.1"})[0] == 404
    assert ask(port, path, {"host": "shop.example"})[0] == 404
    assert ask(port, path, {"sec-fetch-site": "cross-site"})[0] == 404


def test_in_production_without_a_token_they_are_not_there(file: Path) -> None:
    with running(file, environment=PROXY_SECRET, production=True) as (port, _):
        nowhere = ask(port, "/_edgekit/nowhere")
        assert nowhere[0] == 404
        for path in ("/_edgekit/metrics", "/_edgekit/tail"):
            assert ask(port, path, {"authorization": "Bearer "})[::2] == nowhere[::2]
        assert ask(port, "/_edgekit/health")[0] == 200


def test_a_token_opens_them_and_a_tail_ends_with_its_server(file: Path) -> None:
    with running(file, 2, PROXY_SECRET, production=True, token=TOKEN, STOP_SECONDS=60) as (port, process):
        bearer = {"authorization": f"Bearer {TOKEN}", "host": "shop.example"}
        for path in ("/_edgekit/metrics", "/_edgekit/tail"):
            status, headers, _ = ask(port, path, {"authorization": "Bearer t0ken"})
            assert (status, headers["www-authenticate"], headers["cache-control"]) == (401, "Bearer", "no-store")
        assert "edgekit_cold_starts_total" in ask(port, "/_edgekit/metrics", bearer)[2]
        with listening(port, headers=bearer) as events:
            ask(port, "/about")
            assert next(events)["path"] == "/about"
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
            connection.sendall(
                f"GET /_edgekit/tail HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
            )
            stream = connection.makefile("rb")
            assert b"200" in stream.readline()
            while stream.readline() != b"1\r\n":  # the first empty line, in a chunk
                pass
            process.send_signal(signal.SIGTERM)
            assert stream.read().endswith(b"0\r\n\r\n")  # ended, not cut off when its worker was killed
        output, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, output, errors) == (0, "stopped\n", "")

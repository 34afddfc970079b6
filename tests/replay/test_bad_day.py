"""Faults on purpose, in one process and in real servers: what fails, what is late, and that nobody else waits."""

import asyncio
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgekit.kv.reader import MemoryStore
from edgekit.replay.app import build_app, create_app
from edgekit.replay.core import respond
from edgekit.replay.faults import BadDay, Faults
from edgekit.replay.options import Options
from edgekit.replay.runtime import runtime_folder
from edgekit.replay.store import ReplayStore
from tests.ports import reserved_port
from tests.replay.asking import ask
from tests.replay.published import publish
from tests.replay.serving import write_store
from tests.replay.wire import exchange, split
from tests.scale import scaled

SITE: dict[str, Any] = {
    "slots": {
        "NAME": {"from": "user.name", "default": "there", "max_length": 20},
        "HERO": {"from": "segment.hero", "max_length": 20},
    },
    "segments": {"free": {"hero": "free"}, "vip": {"hero": "vip"}},
    "pages": {
        "/": {tier: f"{tier} {{NAME}} {{HERO}}" for tier in ("free", "vip")},
        "/about": "about",
        "/other": "other",
        "503": "<h1>later</h1>",
    },
    "users": {"u1": {"tier": "vip", "name": "Ada"}},
    "cpu_ms": 10_000,  # however long the machine does something else
}
PAGE = b"vip Ada vip"
GUEST = b"free there free"


def warm(ask: Callable[[str, str], bytes]) -> None:
    """Ask until everything was read once: look-ups may fail meanwhile."""
    for path, user, body in (("/", "u1", PAGE), ("/", "nobody", GUEST), ("/about", "u1", b"about")):
        assert any(ask(path, user) == body for _ in range(100))


def test_each_of_the_look_ups_that_fail_is_an_event_and_no_answer_is_an_error() -> None:
    chance = random.Random(8)
    failed = 0

    def draw() -> float:
        nonlocal failed
        drawn = chance.random()
        failed += drawn < 0.01
        return drawn

    store = BadDay(Faults(kv_read=0.01), chance=draw).open(MemoryStore(publish(SITE)))
    warm(lambda path, user: ask(store, path, user).body)
    failed = 0
    answers = [ask(store, *asked) for asked in [("/", "u1"), ("/", "u1"), ("/about", "u1")] * scaled(6_667)]
    assert Counter({"ok": len(answers)}) == Counter(answer.outcome for answer in answers)
    assert {200} == {answer.status for answer in answers}
    assert failed == sum(len(answer.logs) for answer in answers)
    assert scaled(350) < failed < scaled(600)  # a hundredth of 46,669 look-ups
    assert {PAGE, GUEST, b"about"} == {answer.body for answer in answers}
    assert sum(answer.body == GUEST for answer in answers) == sum(
        "as if there were no record" in log.message for answer in answers for log in answer.logs
    )


def test_a_release_is_in_memory_before_its_bad_day_begins() -> None:
    store = BadDay(Faults(kv_read=1)).open(MemoryStore(publish(SITE)))
    assert [ask(store, path).body for path in ("/", "/about")] == [b"<h1>later</h1>"] * 2
    assert ask(store, "/nowhere").status == 404


def test_no_look_up_fails_on_a_day_that_is_only_slow() -> None:
    store = BadDay(Faults(latency=1), chance=lambda: 0.0).open(MemoryStore(publish(SITE)))
    assert (ask(store).body, ask(store).logs) == (PAGE, ())


def test_an_answer_waits_for_its_look_ups_one_after_the_other() -> None:
    day = BadDay(Faults(latency=0.25))
    store = day.open(MemoryStore(publish(SITE)))
    assert [day.delay(ask(store, path)) for path in ("/", "/", "/about", "/nowhere")] == [0.75, 0.75, 0.25, 0]


@pytest.mark.parametrize(("cpu", "status"), [(9.0, 200), (11.0, 429)])
def test_cpu_counts_for_the_budget_and_the_answer_is_later_by_it(cpu: float, status: int) -> None:
    day = BadDay(Faults(cpu=cpu))
    store = day.open(MemoryStore(publish(SITE)))
    answers = [ask(store) for _ in range(3)]
    assert [status] * 3 == [answer.status for answer in answers]
    assert all(cpu <= answer.cpu < cpu + 1 for answer in answers)
    assert [cpu] * 3 == [day.delay(answer) for answer in answers]


def test_who_comes_while_a_worker_starts_waits_for_the_rest_of_that() -> None:
    now = 1_000.0
    day = BadDay(Faults(cold_start=1.0), clock=lambda: now)
    answer = ask(day.open(MemoryStore(publish(SITE))))
    delays = []
    for moment in (1_000.0, 1_000.75, 1_001.0, 2_000.0):
        now = moment
        delays.append(day.delay(answer))
    assert delays == [1.0, 0.25, 0.0, 0.0]


def test_who_waits_holds_up_nobody() -> None:
    async def ask_both() -> tuple[list[bytes], bool]:
        store = ReplayStore(MemoryStore(publish(SITE)))
        app = build_app(
            lambda request: respond(request, store),
            {},
            lambda request, response: None,
            lambda response: 3_600 if response.reads > 1 else 0,
        )

        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        def start(path: bytes) -> "tuple[asyncio.Task[None], list[bytes]]":
            sent: list[bytes] = []

            async def send(message: dict[str, Any]) -> None:
                sent.append(message.get("body", b""))

            scope = {
                "type": "http",
                "method": "GET",
                "raw_path": path,
                "query_string": b"",
                "headers": [(b"host", b"x"), (b"x-user-id", b"u1")],
                "client": ("127.0.0.1", 1),
                "http_version": "1.1",
            }

            async def run() -> None:
                await app(scope, receive, send)

            return asyncio.create_task(run()), sent

        late, nothing = start(b"/")
        soon, sent = start(b"/about")
        await soon
        is_waiting = not late.done() and not nothing
        late.cancel()
        return sent, is_waiting

    assert asyncio.run(ask_both()) == ([b"", b"about"], True)


def test_an_error_page_that_could_not_be_read_is_read_later() -> None:
    failing = {"503"}

    class Bad(MemoryStore):
        def get(self, namespace: Any, key: str | bytes) -> bytes | None:
            if key in failing:
                raise OSError
            return super().get(namespace, key)

    store = ReplayStore(Bad(publish(SITE)))
    store.load()
    told = [bool(ask(store, "/nowhere").logs) for _ in range(3)]
    assert told == [True, False, False]
    failing = {"/other"}
    assert ask(store, "/other").body == b"<h1>later</h1>"


def test_a_server_reads_its_release_before_anybody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[ReplayStore] = []
    monkeypatch.setattr("edgekit.replay.app.ReplayStore.load", lambda store: loaded.append(store))
    write_store(tmp_path / "edge.lmdb", SITE)
    with runtime_folder() as folder:
        create_app(tmp_path / "edge.lmdb", Options(), folder)
        create_app(tmp_path / "edge.lmdb", Options(faults=Faults(latency=1)), folder)
    assert len(loaded) == 2


@contextmanager
def started(events: Path, *command: str) -> Iterator[None]:
    """A server far from any site, whose standard error goes to a file; it is asked to stop at the end."""
    with (
        events.open("wb") as stderr,
        subprocess.Popen(
            [sys.executable, *command], cwd=events.parent, stdout=subprocess.PIPE, stderr=stderr
        ) as process,
    ):
        assert process.stdout is not None
        try:
            assert process.stdout.readline()
            yield
        finally:
            process.terminate()


def fetch(port: int, path: str, user: str) -> tuple[int, bytes]:
    return fetch_many(port, [(path, user)])[0]


def fetch_many(port: int, asked: list[tuple[str, str]]) -> list[tuple[int, bytes]]:
    heads = [f"GET {path} HTTP/1.1\r\nHost: x\r\nx-user-id: {user}\r\n" for path, user in asked]
    heads[-1] += "Connection: close\r\n"
    return [answer[::2] for answer in split(exchange(port, "\r\n".join((*heads, "")).encode()))]


def read_events(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]


def test_a_server_whose_look_ups_fail_once_in_a_hundred_times_has_no_error(tmp_path: Path) -> None:
    store, events = tmp_path / "edge.lmdb", tmp_path / "events"
    write_store(store, SITE)
    asked = [("/", "u1"), ("/", "u1"), ("/", "u1"), ("/about", "u1")] * 25
    options = ("--store", str(store), "--strict-port", "--fault", "kv-read=0.01")
    with reserved_port() as port, started(events, "-m", "edgekit", "serve", *options, "--port", str(port)):
        warm(lambda path, user: fetch(port, path, user)[1])
        told = len(read_events(events))
        answers = [answer for _ in range(scaled(200)) for answer in fetch_many(port, asked)]
    assert len(answers) == scaled(20_000)
    assert {200} == {status for status, _ in answers}
    after = read_events(events)[told:]
    assert {("ok", 200)} == {(event["outcome"], event["status"]) for event in after}
    counted = Counter(body for _, body in answers)
    assert {PAGE, GUEST, b"about"} == set(counted)
    guests = sum("as if there were no record" in log["message"] for event in after for log in event["logs"])
    assert counted[GUEST] == guests > 0
    assert scaled(350) < sum(len(event["logs"]) for event in after) < scaled(650)  # of 50,000 look-ups


_FAILING = """
import sys
from contextlib import contextmanager
from pathlib import Path
from edgekit.kv.store import open_store
from edgekit.replay.app import build_app
from edgekit.replay.core import respond
from edgekit.replay.observing import Observer
from edgekit.replay.runtime import runtime_folder
from edgekit.replay.server import run_server
from edgekit.replay.store import ReplayStore
file, port, flag = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
class Bad:
    def __init__(self, store):
        self.store = store
    @contextmanager
    def snapshot(self):
        with self.store.snapshot() as snapshot:
            yield BadSnapshot(snapshot)
class BadSnapshot:
    def __init__(self, snapshot):
        self.snapshot, self.version = snapshot, snapshot.version
    def get(self, namespace, key):
        if flag.exists():
            raise OSError
        return self.snapshot.get(namespace, key)
def load():
    store = ReplayStore(Bad(open_store(file)))
    store.load()
    return build_app(lambda request: respond(request, store), {}, Observer(folder).observe)
with runtime_folder() as folder:
    run_server(load, "127.0.0.1", port, 1, lambda: print("started", flush=True))
"""


def test_a_server_of_which_all_look_ups_fail_answers_from_memory(tmp_path: Path) -> None:
    store, events, flag = tmp_path / "edge.lmdb", tmp_path / "events", tmp_path / "flag"
    write_store(store, SITE)
    with reserved_port() as port, started(events, "-c", _FAILING, str(store), str(port), str(flag)):
        warm(lambda path, user: fetch(port, path, user)[1])
        flag.touch()
        asked = [("/", "u1"), ("/about", "u1"), ("/other", "u1"), ("/nowhere", "u1")]
        bad = [fetch_many(port, asked * 10) for _ in range(25)]
        flag.unlink()
        good = fetch_many(port, asked)
    failing = [(200, GUEST), (200, b"about"), (503, b"<h1>later</h1>"), (404, b"Not found.\n")]
    assert [failing * 10] * 25 == bad
    assert good == [(200, PAGE), (200, b"about"), (200, b"other"), (404, b"Not found.\n")]
    counted = Counter((event["path"], event["outcome"]) for event in read_events(events))
    assert counted == {("/", "ok"): 250, ("/about", "ok"): 250, ("/other", "exception"): 250}


def test_a_server_may_have_every_kind_of_bad_day_at_once(tmp_path: Path) -> None:
    store, events = tmp_path / "edge.lmdb", tmp_path / "events"
    write_store(store, {**SITE, "cpu_ms": 50})
    options = ("--store", str(store), "--strict-port", "--workers", "2", "--cold-start", "10ms")
    faults = ("--fault", "kv-read=1", "--fault", "cpu=60ms", "--latency", "kv=5ms")
    with (
        reserved_port() as port,
        started(events, "-m", "edgekit", "serve", *options, *faults, "--port", str(port)),
    ):
        assert {fetch(port, "/", "u1") for _ in range(10)} == {(429, b"This page took too long to make.\n")}
    assert events.read_text().splitlines()[1] == (
        "a bad day: 100 % of look-ups fail, each look-up takes 5 ms, each answer takes 60 ms of CPU more, "
        "each worker starts in 10 ms"
    )
    assert {"exceededCpu"} == {event["outcome"] for event in read_events(events)}

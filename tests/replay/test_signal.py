"""WebSocket `/_edgekit/signal`: who may open it, what is acknowledged, and how long it lasts."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from edgekit.kv.store import LmdbStore, open_store
from edgekit.model.keys import CURRENT, EDGEKIT
from edgekit.replay.changes import Changes
from edgekit.replay.limits import MAX_SIGNALS, SIGNAL_SECONDS
from edgekit.replay.observing import Observe, Observer
from edgekit.replay.runtime import runtime_folder
from edgekit.replay.signal import Signal
from tests.replay.sending import ENVIRONMENT, PAGE, TOKEN, event_body, open_signal, page_of, send_signal
from tests.replay.serving import running, write_store
from tests.replay.wire import fetch


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    write_store(file, {**PAGE, "pages": {**PAGE["pages"], "/long": "long" * 50_000}})
    return file


@pytest.fixture(scope="module")
def port(file: Path) -> Iterator[int]:
    with running(file, environment=ENVIRONMENT) as (port, _):
        yield port


def test_each_message_is_acknowledged_and_seen_at_the_next_request(port: int) -> None:
    with open_signal(port) as connection:
        assert send_signal(connection, "1", event_body("u", 1, tier="vip", name="Ada")) == 204
        assert page_of(port, "u") == "vip Ada"
        assert send_signal(connection, "2", event_body("u", 2, type="user.deleted")) == 204
        assert page_of(port, "u") == "free nobody"
        assert send_signal(connection, "3", event_body("u", 1, name="older")) == 204
        assert send_signal(connection, "1", event_body("u", 9, name="seen before")) == 204
        assert page_of(port, "u") == "free nobody"


def test_messages_sent_at_once_are_acknowledged_in_their_order(port: int) -> None:
    with open_signal(port) as connection:
        for number in range(50):
            connection.send(json.dumps({"id": f"many {number}", **event_body("many", number, name=str(number))}))
        acknowledged = [json.loads(connection.recv(timeout=30)) for _ in range(50)]
    assert acknowledged == [{"id": f"many {number}", "status": 204} for number in range(50)]
    assert page_of(port, "many") == "free 49"


@pytest.mark.parametrize(
    ("message", "id"),
    [
        ("", None),
        ("garbage", None),
        ("{", None),
        ("[" * 60_000, None),
        ("{}", None),
        ('{"id": null}', None),
        ('{"id": 7}', None),
        ('{"id": "\\ud800"}', None),
        (b'{"id": "binary"}', None),
        (b"\xff", None),
        ('{"id": ""}', ""),
        ('{"id": "no event"}', "no event"),
        (json.dumps({"id": "x" * 257, **event_body("u", 1)}), "x" * 257),
        (json.dumps({"id": "no user", **event_body("", 1)}), "no user"),
        (json.dumps({"id": "large", **event_body("large", 1, name="x" * 17_000)}), "large"),
    ],
)
def test_what_is_no_event_is_acknowledged_as_such(port: int, message: str | bytes, id: str | None) -> None:
    with open_signal(port) as connection:
        connection.send(message)
        assert json.loads(connection.recv(timeout=30)) == {"id": id, "status": 400}
        assert send_signal(connection, f"after {str(id)[:20]}", event_body("other", 1)) == 204


@pytest.mark.parametrize("message", ["x" * 65_537, b"x" * 65_537, "é" * 65_537])
def test_a_message_over_64_kib_ends_the_connection(port: int, message: str | bytes) -> None:
    with open_signal(port) as connection:
        connection.send(message)
        with pytest.raises(ConnectionClosed) as raised:
            connection.recv(timeout=30)
    assert raised.value.rcvd is not None
    assert raised.value.rcvd.code == 1009


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        (None, {}, 401),
        ("", {}, 401),
        ("another", {}, 401),
        (TOKEN[:-1], {}, 401),
        (TOKEN + "x", {}, 401),
        (None, {"Authorization": TOKEN}, 401),
        (None, {"Authorization": f"Basic {TOKEN}"}, 401),
        (None, {"Sec-WebSocket-Protocol": TOKEN}, 401),
        (None, {"Cookie": f"token={TOKEN}"}, 401),
        (TOKEN, {"Origin": "https://evil.example"}, 403),
        (TOKEN, {"Origin": "null"}, 403),
        (TOKEN, {"Origin": "http://127.0.0.1"}, 403),
    ],
)
def test_only_who_has_the_token_and_is_no_browser_gets_in(
    port: int, token: str | None, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(InvalidStatus) as raised:
        open_signal(port, token, **headers)
    assert raised.value.response.status_code == status


def test_a_request_that_is_no_websocket_is_told_so(port: int) -> None:
    assert fetch(port, "/_edgekit/signal", {"authorization": f"Bearer {TOKEN}"})[0] == 426
    assert fetch(port, "/_edgekit/signal")[0] == 401


def test_a_websocket_elsewhere_gets_what_any_request_gets(port: int) -> None:
    for path, status in (("/", 200), ("/long", 200), ("/nothing", 404), ("/_edgekit/webhook", 405)):
        with pytest.raises(InvalidStatus) as raised:
            connect(f"ws://127.0.0.1:{port}{path}", proxy=None)
        assert raised.value.response.status_code == status


def test_an_open_connection_does_not_keep_the_server_from_stopping(file: Path) -> None:
    with running(file, environment=ENVIRONMENT, STOP_SECONDS=60) as (port, process), open_signal(port) as connection:
        assert send_signal(connection, "stop", event_body("u", 1)) == 204
        process.terminate()
        assert process.wait(timeout=30) == 0  # less than what requests that are being answered may take


def test_a_silent_connection_is_closed(file: Path) -> None:
    with running(file, environment=ENVIRONMENT, SIGNAL_SECONDS=1) as (port, process):
        with open_signal(port) as silent, pytest.raises(ConnectionClosed) as raised:
            silent.recv(timeout=30)
        assert raised.value.rcvd is not None
        assert (raised.value.rcvd.code, raised.value.rcvd.reason) == (1001, "idle")
        process.terminate()
        assert process.communicate(timeout=30)[1] == ""


# Without sockets: what a test would have to open much for.


class Peer:
    """The other end of an ASGI connection."""

    def __init__(self) -> None:
        self.to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.to_client: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.to_server.put_nowait({"type": "websocket.connect"})

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        self.to_client.put_nowait(message)

    def connect(self, signal: Signal) -> "asyncio.Task[None]":
        scope = {
            "type": "websocket",
            "raw_path": b"/_edgekit/signal",
            "query_string": b"",
            "headers": [(b"authorization", b"Bearer " + TOKEN.encode())],
            "client": ("127.0.0.1", 1),
        }
        return asyncio.ensure_future(signal(scope, self.to_server.get, self.send))


def test_a_fault_is_acknowledged_and_told_in_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def talk(store: LmdbStore, observe: Observe) -> list[dict[str, Any]]:
        peer = Peer()
        peer.to_server.put_nowait(
            {"type": "websocket.receive", "text": json.dumps({"id": "m", **event_body("ada@example.com", 1)})}
        )
        peer.to_server.put_nowait({"type": "websocket.disconnect"})
        await peer.connect(Signal(TOKEN.encode(), Changes(store), observe))
        return peer.sent

    with open_store(tmp_path / "edge.lmdb", create=True) as store:
        with store.write() as txn:
            txn.put(EDGEKIT, CURRENT, b"gone")
        with runtime_folder() as folder:
            sent = asyncio.run(talk(store, Observer(folder).observe))
        assert sent == [
            {"type": "websocket.accept"},
            {"type": "websocket.send", "text": '{"id":"m","status":503}'},
        ]
    event = json.loads(capfd.readouterr().err)
    assert (event["path"], event["status"], event["outcome"]) == ("/_edgekit/signal", 503, "exception")
    assert event["logs"] == [{"level": "error", "message": "EK433 release `gone` cannot be read from the store"}]


def test_connections_are_bounded_and_one_that_ends_makes_room(file: Path) -> None:
    async def talk(store: LmdbStore) -> list[int]:
        signal = Signal(TOKEN.encode(), Changes(store), lambda request, response: None)
        peers = [Peer() for _ in range(MAX_SIGNALS + 1)]
        tasks = [peer.connect(signal) for peer in peers]
        await tasks[-1]
        statuses = [peers[-1].sent[0]["status"]]
        peers[0].to_server.put_nowait({"type": "websocket.disconnect"})
        await tasks[0]
        late = Peer()
        late.to_server.put_nowait({"type": "websocket.disconnect"})
        await late.connect(signal)
        assert late.sent == [{"type": "websocket.accept"}]
        for peer in peers[1:-1]:
            peer.to_server.put_nowait({"type": "websocket.disconnect"})
        await asyncio.gather(*tasks)
        return statuses

    with open_store(file) as store:
        assert asyncio.run(talk(store)) == [503]


def test_a_connection_that_talks_is_not_closed_when_a_silent_one_is(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def talk(store: LmdbStore) -> tuple[dict[str, Any], list[str]]:
        now = 0.0
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
        signal = Signal(TOKEN.encode(), Changes(store), lambda request, response: None)
        silent, busy = Peer(), Peer()
        tasks = [peer.connect(signal) for peer in (silent, busy)]
        for peer in (silent, busy):
            await peer.to_client.get()
        for number in range(5):
            now += 0.3 * SIGNAL_SECONDS
            message = {"id": f"turn {number}", **event_body("u", number)}
            busy.to_server.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})
            await busy.to_client.get()
        closed = await silent.to_client.get()
        busy.to_server.put_nowait({"type": "websocket.disconnect"})
        await asyncio.gather(*tasks)
        return closed, [message["type"] for message in busy.sent]

    with open_store(file) as store:
        closed, to_busy = asyncio.run(talk(store))
    assert closed == {"type": "websocket.close", "code": 1001, "reason": "idle"}
    assert to_busy == ["websocket.accept"] + ["websocket.send"] * 5

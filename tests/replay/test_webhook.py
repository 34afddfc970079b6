"""`POST /_edgekit/webhook` of a real server: what is taken, what is refused, and what pages show then."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.kv.store import open_store
from edgekit.kv.users import get_user
from edgekit.replay.asgi import Endpoint
from edgekit.replay.changes import Changes
from edgekit.replay.webhook import webhook
from tests.replay.sending import ENVIRONMENT, KEY, PAGE, event_body, page_of, post, send_webhook, signed
from tests.replay.serving import running, write_store
from tests.replay.wire import fetch
from tests.scale import scaled


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    write_store(file, PAGE)
    return file


@pytest.fixture(scope="module")
def port(file: Path) -> Iterator[int]:
    with running(file, environment=ENVIRONMENT) as (port, _):
        yield port


@pytest.fixture(scope="module")
def endpoint(file: Path) -> Iterator[Endpoint]:
    """Without a server, for what comes many times."""
    with open_store(file) as store:
        yield webhook(KEY, Changes(store), lambda request, response: None)


def test_an_event_is_seen_at_the_next_request(port: int) -> None:
    assert page_of(port, "next") == "free nobody"
    assert send_webhook(port, "next 1", event_body("next", 1, tier="vip", name="Ada")) == 204
    assert page_of(port, "next") == "vip Ada"
    assert send_webhook(port, "next 2", event_body("next", 2, name=None)) == 204
    assert page_of(port, "next") == "vip nobody"
    assert send_webhook(port, "next 3", event_body("next", 3, type="user.deleted")) == 204
    assert page_of(port, "next") == "free nobody"


def test_duplicates_and_older_events_are_taken_without_effect(port: int) -> None:
    assert send_webhook(port, "dup", event_body("dup", 5, name="five")) == 204
    assert send_webhook(port, "dup", event_body("dup", 6, name="six")) == 204
    assert send_webhook(port, "dup 2", event_body("dup", 4, name="four")) == 204
    assert page_of(port, "dup") == "free five"


def test_a_record_expires_as_its_site_says(file: Path, port: int) -> None:
    before = time.time()
    assert send_webhook(port, "ttl", event_body("ttl", 1, name="Ada")) == 204
    with open_store(file) as store:
        user = get_user(store, "ttl")
    assert user is not None
    assert 0 <= user.expires - int(before) - 86_400 <= 30


MISSING = "The header {} is missing, or comes more than once.\n"
LATE = "The header webhook-timestamp is not a time of the last five minutes, in Unix seconds.\n"
UNFIT = "No signature in the header webhook-signature fits this body and this server's secret.\n"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"webhook-signature": ""}, MISSING.format("webhook-signature")),
        ({"webhook-signature": "v1,AAAA"}, UNFIT),
        ({"webhook-signature": "v1,%%%"}, UNFIT),
        ({"webhook-signature": "no version"}, UNFIT),
        ({"webhook-signature": "v2,"}, UNFIT),
        ({"webhook-signature": "v1a," + "A" * 88}, UNFIT),
        ({"webhook-id": "another"}, UNFIT),
        ({"webhook-id": ""}, MISSING.format("webhook-id")),
        ({"webhook-id": "\xe9"}, UNFIT),
        ({"webhook-timestamp": ""}, MISSING.format("webhook-timestamp")),
        ({"webhook-timestamp": "nan"}, LATE),
        ({"webhook-timestamp": "1e300"}, LATE),
        ({"webhook-timestamp": "-1"}, LATE),
        ({"webhook-timestamp": "1700000000"}, LATE),
    ],
)
def test_what_is_not_signed_rightly_is_refused(port: int, change: dict[str, str], reason: str) -> None:
    body = json.dumps(event_body("forged", 1, name="forged")).encode()
    status, text = post(port, body, {**signed("forged", body), **change})
    assert (status, text) == (401, reason)
    assert page_of(port, "forged") == "free nobody"


@pytest.mark.parametrize("seconds_ago", [330, -330])
def test_a_signature_outside_of_the_window_is_refused(port: int, seconds_ago: int) -> None:
    body = json.dumps(event_body("late", 1)).encode()
    assert post(port, body, signed("late", body, seconds_ago=seconds_ago))[0] == 401
    assert post(port, body, signed("late", body, seconds_ago=seconds_ago // 330 * 270))[0] == 204


def test_another_secret_or_another_body_is_refused(port: int) -> None:
    body = json.dumps(event_body("other", 1)).encode()
    assert post(port, body, signed("other", body, key=KEY[::-1]))[0] == 401
    assert post(port, body + b" ", signed("other", body))[0] == 401
    assert post(port, b"\xff", signed("other", b"\xc3\xbf"))[0] == 401
    assert post(port, b"", {})[0] == 401


def test_one_of_several_signatures_is_enough(port: int) -> None:
    body = json.dumps(event_body("rotated", 1)).encode()
    right, wrong = signed("rotated", body), signed("rotated", body, key=KEY[::-1])
    both = f"{wrong['webhook-signature']} {right['webhook-signature']}"
    assert post(port, body, {**right, "webhook-signature": both})[0] == 204


def test_repeated_headers_are_refused(port: int) -> None:
    body = json.dumps(event_body("twice", 1)).encode()
    lines = "".join(f"{name}: {value}\r\n" for name, value in signed("twice", body).items())
    head = f"POST /_edgekit/webhook HTTP/1.1\r\nhost: h\r\ncontent-length: {len(body)}\r\nconnection: close\r\n"
    for extra, status in (("", b"204"), ("webhook-id: twice\r\n", b"401")):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(f"{head}{lines}{extra}\r\n".encode() + body)
            assert connection.recv(100).split(b" ")[1] == status


@pytest.mark.parametrize("body", [b"{}", b"null", b"no JSON", b"[" * 60_000])
def test_what_is_no_event_is_refused(port: int, body: bytes) -> None:
    status, text = post(port, body, signed("bad", body))
    assert status == 400
    assert text.startswith("This is no event: ")


def test_a_record_that_would_be_too_large_is_refused(port: int) -> None:
    assert send_webhook(port, "large 1", event_body("large", 1, name="Ada", note="x" * 10_000)) == 204
    body = json.dumps(event_body("large", 2, name="Bob", other="x" * 10_000)).encode()
    status, text = post(port, body, signed("large 2", body))
    assert status == 400
    assert "at most 16,384 are kept" in text
    assert page_of(port, "large") == "free Ada"


def test_a_body_may_have_64_kib(port: int) -> None:
    body = json.dumps(event_body("big", 1)).encode()
    body += b" " * (65_536 - len(body))
    assert post(port, body, signed("big", body))[0] == 204
    assert post(port, body + b" ", signed("big", body))[0] == 413


def test_a_chunked_body_is_refused_while_it_comes(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"POST /_edgekit/webhook HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(65):
            connection.sendall(b"400\r\n" + b"x" * 1_024 + b"\r\n")
        assert connection.recv(100).split(b" ")[1] == b"413"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_another_method_is_refused(port: int, method: str) -> None:
    assert post(port, b"", {}, method)[0] == 405


def test_the_path_does_not_exist_without_a_secret(file: Path) -> None:
    with running(file, environment={"EDGEKIT_WEBHOOK_SECRET": "", "EDGEKIT_ADMIN_TOKEN": ""}) as (port, _):
        assert post(port, b"", {})[0] == 404
        assert fetch(port, "/_edgekit/webhook")[0] == 404
        assert fetch(port, "/_edgekit/signal")[0] == 404


bodies = st.binary(max_size=200) | st.builds(
    lambda name, value: json.dumps(event_body("any", 1) | {name: value}).encode(),
    st.sampled_from(["type", "timestamp", "data", "more"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("id"), inner, max_size=3),
        max_leaves=8,
    ),
)


@settings(max_examples=scaled(150))
@given(
    bodies,
    st.dictionaries(st.sampled_from([b"webhook-id", b"webhook-timestamp", b"webhook-signature"]), st.binary()),
    st.integers(0, 3),
)
def test_whatever_is_sent_is_answered(
    endpoint: Endpoint, body: bytes, headers: dict[bytes, bytes], pieces: int
) -> None:
    right = {name.encode(): value.encode() for name, value in signed("any", body.decode("latin-1").encode()).items()}
    messages = [
        *({"type": "http.request", "body": body[:9], "more_body": True} for _ in range(pieces)),
        {"type": "http.request", "body": body},
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": b"/_edgekit/webhook",
        "query_string": b"",
        "headers": list((right | headers).items()),
        "client": None,
    }
    asyncio.run(endpoint(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] in ((204, 400) if not headers and not pieces and body.isascii() else (204, 400, 401))


def send_only(connection: socket.socket, message: str, body: bytes) -> None:
    """A webhook whose answer is not waited for."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in signed(message, body).items())
    head = f"POST /_edgekit/webhook HTTP/1.1\r\nhost: h\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    connection.sendall(head.encode() + body)


def test_while_another_process_writes_pages_are_answered_and_events_wait(file: Path, port: int) -> None:
    with open_store(file) as store, socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        with store.write():
            send_only(connection, "waits", json.dumps(event_body("waits", 1, name="Ada")).encode())
            for _ in range(20):
                assert page_of(port, "waits") == "free nobody"
        assert connection.recv(100).split(b" ")[1] == b"204"
    assert page_of(port, "waits") == "free Ada"


def test_an_event_that_waits_when_the_server_stops_is_applied_and_answered(file: Path) -> None:
    with running(file, environment=ENVIRONMENT, STOP_SECONDS=60) as (port, process), open_store(file) as store:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            with store.write():
                send_only(connection, "stop", json.dumps(event_body("stop", 1, name="Ada")).encode())
                for _ in range(20):
                    assert page_of(port, "stop") == "free nobody"
                process.terminate()
            assert connection.recv(100).split(b" ")[1] == b"204"
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        user = get_user(store, "stop")
    assert user is not None
    assert user.record == {"name": "Ada"}


def test_a_store_that_cannot_be_written_is_told_to_the_sender_and_in_the_log(tmp_path: Path) -> None:
    file = tmp_path / "edge.lmdb"
    write_store(file, PAGE)
    with open_store(file) as store, store.write() as txn:
        txn.put("_EDGEKIT", "current", b"damaged")
        txn.put("_EDGEKIT", "manifest:damaged", b"damaged")
    with running(file, environment=ENVIRONMENT) as (port, process):
        assert send_webhook(port, "m", event_body("secret-id", 1, name="secret-name")) == 503
        process.terminate()
        _, log = process.communicate(timeout=30)
    told = [json.loads(line) for line in log.splitlines() if "_edgekit/webhook" in line]
    assert [(event["status"], event["outcome"], event["logs"][0]["message"][:5]) for event in told] == [
        (503, "exception", "EK433")
    ]
    assert "secret" not in log

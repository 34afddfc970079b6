"""Events of many senders, at once, twice and out of order, to workers that are killed and servers that are restarted.

The log in the store says in which order they were received. A model that applies them one after the other in that order
must have the users that the store has.
"""

import os
import random
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Any

import msgspec
from websockets.exceptions import WebSocketException

from edgekit.kv.store import open_store
from edgekit.kv.verify import verify
from edgekit.model.keys import EDGEKIT, EVENTS, USER_SEGMENTS
from tests.kv.packs import make_store
from tests.replay.sending import ENVIRONMENT, event_body, open_signal, send_signal, send_webhook
from tests.replay.serving import running
from tests.scale import scaled

SENDERS = 6
Sent = tuple[str, dict[str, Any]]


def make_messages(generator: random.Random, count: int) -> list[Sent]:
    """Few users and moments, so that events meet; and no two events are equal, so that a wrong order shows."""
    messages = []
    for number in range(count):
        user, second = f"u{generator.randrange(4)}", generator.randrange(count // 3)
        if generator.random() < 0.2:
            event = event_body(user, second, type="user.deleted")
        else:
            event = event_body(user, second, **{generator.choice(["tier", "name", "city"]): f"v{number}"})
        messages.append((f"m{number}", event))
    return messages


def send_all(port: int, messages: list[Sent], by_signal: bool) -> None:
    """Until each is acknowledged: who sees a connection break sends again."""
    waiting = list(messages)
    for _ in range(200):
        try:
            if by_signal:
                with open_signal(port) as connection:
                    while waiting:
                        assert send_signal(connection, *waiting[-1]) == 204
                        waiting.pop()
            while waiting:
                assert send_webhook(port, *waiting[-1]) == 204
                waiting.pop()
            return
        except (OSError, EOFError, HTTPException, WebSocketException):
            continue
    raise AssertionError("nobody took the events")


def workers_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def expected_users(received: Iterator[Sent]) -> dict[str, dict[str, Any]]:
    """The specification."""
    users: dict[str, dict[str, Any]] = {}
    last: dict[str, str] = {}
    for _, event in received:
        user, timestamp = event["data"]["id"], event["timestamp"]
        if timestamp < last.get(user, ""):
            continue
        last[user] = timestamp
        if event["type"] == "user.deleted":
            users.pop(user, None)
        else:
            users[user] = users.get(user, {}) | {name: value for name, value in event["data"].items() if name != "id"}
    return users


def test_many_senders_workers_and_restarts_are_as_one_after_the_other(tmp_path: Path) -> None:
    generator = random.Random(20_261_123)
    file = make_store(tmp_path / "edge.lmdb", "old", users=0)
    messages = make_messages(generator, scaled(100))
    for phase in range(3):
        with running(file, 4, ENVIRONMENT) as (port, process), ThreadPoolExecutor(SENDERS) as senders:
            sending = []
            for sender in range(SENDERS):
                # Some of all, in an order of its own: so each message comes more than once, from several senders.
                mine = generator.sample(messages, len(messages) // 4)
                sending.append(senders.submit(send_all, port, mine, sender % 2 == 0))
            if phase == 1:
                os.kill(generator.choice(workers_of(process.pid)), signal.SIGKILL)
            for sent in sending:
                sent.result()
    with open_store(file) as store, store.snapshot() as snapshot:
        log = [value[8:40] for _, value in snapshot.scan(EDGEKIT, EVENTS.encode())]
        users = {key.decode(): msgspec.json.decode(value[8:]) for key, value in snapshot.scan(USER_SEGMENTS)}
    by_hash = {sha256(message.encode()).digest(): (message, event) for message, event in messages}
    assert len(set(log)) == len(log) > len(messages) * 0.8
    assert expected_users(by_hash[entry] for entry in log) == users
    assert verify(file) == ()

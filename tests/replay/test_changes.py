"""Applying events aside of the thread that answers: how many wait, and what becomes of a fault."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgekit.kv.store import LmdbStore, open_store
from edgekit.replay import changes
from edgekit.replay.changes import Changes, Verdict
from tests.replay.sending import event_body
from tests.replay.serving import write_store

BODY = json.dumps(event_body("ada@example.com", 1, name="Ada")).encode()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbStore]:
    write_store(tmp_path / "edge.lmdb", {"segments": {"free": {}}})
    with open_store(tmp_path / "edge.lmdb") as store:
        yield store


def test_events_that_wait_are_bounded_and_those_that_end_make_room(
    store: LmdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_EVENTS_WAITING", 2)
    applied = Changes(store)

    async def send() -> list[int]:
        with store.write():
            waiting = [asyncio.ensure_future(applied.apply(f"m{number}", BODY)) for number in range(2)]
            await asyncio.sleep(0)
            refused = await applied.apply("m2", BODY)
        verdicts = [refused, *await asyncio.gather(*waiting), await applied.apply("m2", BODY)]
        return [verdict.status for verdict in verdicts]

    assert asyncio.run(send()) == [503, 204, 204, 204]


def test_a_sender_that_leaves_makes_no_room_before_its_event_is_done(
    store: LmdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_EVENTS_WAITING", 1)
    applied = Changes(store)

    async def send() -> list[int]:
        with store.write():
            gone = asyncio.ensure_future(applied.apply("gone", BODY))
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            refused = await applied.apply("m", BODY)
        return [refused.status]

    assert asyncio.run(send()) == [503]


def test_a_bug_is_answered_and_told_without_values(store: LmdbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(BODY.decode())

    monkeypatch.setattr(changes, "apply_event", fail)
    verdict = asyncio.run(Changes(store).apply("m", BODY))
    assert verdict[:2] == Verdict(503, "Users cannot be changed now.")[:2]
    assert verdict.fault.startswith("RuntimeError at test_changes.py:")


def test_a_fault_of_the_store_is_told_by_its_code(store: LmdbStore) -> None:
    with store.write() as txn:
        txn.put("_EDGEKIT", "current", b"gone")
    verdict = asyncio.run(Changes(store).apply("m", BODY))
    assert verdict == (
        503,
        "Users cannot be changed now.",
        "EK433 release `gone` cannot be read from the store",
    )

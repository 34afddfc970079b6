"""`--lag`: what events change is seen later, by all workers at once; all else at once."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgekit.kv.earlier import MAX_EARLIER
from edgekit.kv.event import Event
from edgekit.kv.events import apply_event
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.users import delete_user, get_user, put_user
from edgekit.model.keys import EDGEKIT, USER_SEGMENTS, earlier_key, hash_id
from edgekit.replay.core import respond
from edgekit.replay.lag import LaggingStore
from edgekit.replay.request import Request
from edgekit.replay.store import ReplayStore
from tests.replay.sending import ENVIRONMENT, PAGE, event_body, page_of, send_webhook
from tests.replay.serving import running, write_store

NOW = 1_700_000_000.0
DAY = 86_400
YEAR = 366 * DAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbStore]:
    write_store(tmp_path / "edge.lmdb", PAGE)
    with open_store(tmp_path / "edge.lmdb") as store:
        yield store


def seen(store: LmdbStore, now: float, user: str = "u") -> str:
    """What a worker with --lag shows."""
    replay = ReplayStore(LaggingStore(store, lambda: now))
    request = Request(b"/", now, headers=((b"x-user-id", user.encode()),), peer="127.0.0.1")
    response = respond(request, replay)
    assert response.reads == 2  # as without a lag
    return response.body.decode()


def change(store: LmdbStore, at: float, name: str | None, lag: float = 60) -> None:
    event = Event("u", int(at * 1_000_000), {"name": name} if name else None)
    assert apply_event(store, f"{at}", event, at, lag)


def test_a_change_is_seen_when_the_lag_is_over(store: LmdbStore) -> None:
    put_user(store, "u", b'{"name":"before"}', 0, 0)
    change(store, NOW, "after")
    assert [seen(store, NOW + later) for later in (0, 59.9, 60)] == ["free before", "free before", "free after"]


def test_a_new_and_a_deleted_user_are_seen_when_the_lag_is_over(store: LmdbStore) -> None:
    change(store, NOW, "new")
    change(store, NOW + 30, None)
    assert [seen(store, NOW + later) for later in (59, 60, 89, 90)] == [
        "free nobody", "free new", "free new", "free nobody",
    ]  # fmt: skip


def test_changes_are_seen_one_after_the_other(store: LmdbStore) -> None:
    for number in range(MAX_EARLIER):
        change(store, NOW + number, f"n{number}")
    shown = [seen(store, NOW + 60 + later) for later in (-0.5, *(0.5 + number for number in range(MAX_EARLIER)))]
    assert shown == ["free nobody", *(f"free n{number}" for number in range(MAX_EARLIER))]


def test_of_many_changes_within_a_lag_none_is_seen_too_early(store: LmdbStore) -> None:
    changes = 3 * MAX_EARLIER
    for number in range(changes):
        change(store, NOW + number, f"n{number}")
    for later in range(-1, changes):
        shown = seen(store, NOW + 60 + later + 0.5)
        assert shown == "free nobody" or int(shown.removeprefix("free n")) <= later
    assert seen(store, NOW + 60 + changes - 1) == f"free n{changes - 1}"


def test_what_is_kept_for_a_lag_does_not_go_with_an_event_that_has_expired(store: LmdbStore) -> None:
    change(store, NOW - 2 * DAY, "long ago")
    put_user(store, "u", b'{"name":"before"}', 0, NOW - DAY - 1)
    change(store, NOW, "after")
    assert [seen(store, NOW + later) for later in (0, 60)] == ["free before", "free after"]


def test_an_expired_record_is_not_seen_again(store: LmdbStore) -> None:
    put_user(store, "u", b'{"name":"before"}', int(NOW) + 10, 0)
    change(store, NOW, "after")
    assert [seen(store, NOW + later) for later in (9, 10, 60, 60 + DAY)] == [
        "free before", "free nobody", "free after", "free nobody",
    ]  # fmt: skip


def test_other_changes_and_changes_without_a_lag_are_seen_at_once(store: LmdbStore) -> None:
    put_user(store, "v", b'{"name":"put"}', 0, 0)
    assert seen(store, NOW, "v") == "free put"
    change(store, NOW, "lagging")
    change(store, NOW + 1, "at once", lag=0)
    assert seen(store, NOW + 1) == "free at once"


def test_what_is_damaged_is_not_shown(store: LmdbStore) -> None:
    put_user(store, "u", b'{"name":"Ada"}', 0, 0)
    with store.write() as txn:
        txn.put(EDGEKIT, earlier_key(hash_id("u")), b"damage")
    assert seen(store, NOW) == "free Ada"
    with LaggingStore(store).snapshot() as snapshot:
        assert [snapshot.get(USER_SEGMENTS, id) for id in ("x" * 600, "\ud800")] == [None, None]


def test_no_worker_shows_a_change_before_the_lag_is_over(tmp_path: Path) -> None:
    file = tmp_path / "edge.lmdb"
    write_store(file, PAGE)
    with running(file, 2, {**ENVIRONMENT, "LAG": "300"}) as (port, _):
        assert send_webhook(port, "m", event_body("u", 1, name="Ada")) == 204
        assert {page_of(port, "u") for _ in range(40)} == {"free nobody"}

        # Nobody waits to see what is put and deleted on the command line, and no late event undoes it.
        with open_store(file) as store:
            put_user(store, "v", b'{"name":"Bob"}', 0, time.time())
        assert send_webhook(port, "v 1", event_body("v", 1, name="late")) == 204
        assert {page_of(port, "v") for _ in range(40)} == {"free Bob"}
        with open_store(file) as store:
            assert delete_user(store, "v", time.time())
        assert {page_of(port, "v") for _ in range(40)} == {"free nobody"}
        assert send_webhook(port, "v 2", event_body("v", 2, name="late")) == 204
        with open_store(file) as store:
            assert get_user(store, "v") is None
        assert send_webhook(port, "v 3", event_body("v", 10 * YEAR, name="Eve")) == 204
        with open_store(file) as store:
            assert get_user(store, "v").record == {"name": "Eve"}  # type: ignore[union-attr]
        assert page_of(port, "v") == "free nobody"
    with running(file, environment=ENVIRONMENT) as (port, _):
        assert page_of(port, "u") == "free Ada"

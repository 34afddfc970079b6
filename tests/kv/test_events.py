"""Events: each is applied once, in the order in which they happened, whatever comes when, twice, or after a crash."""

import io
import os
import random
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv import event_log, events
from edgekit.kv.event import Event
from edgekit.kv.events import MIN_KEPT, apply_event
from edgekit.kv.prune import prune
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.user_import import import_users
from edgekit.kv.users import User, delete_user, get_user, put_user
from edgekit.kv.verify import verify
from edgekit.model.keys import EDGEKIT, USER_SEGMENTS
from edgekit.model.manifest import Ttl
from tests.kv import children
from tests.kv.packs import build, make_store
from tests.scale import scaled

NOW = 1_700_000_000.0
MOMENT = int(NOW) * 1_000_000
"""NOW as events have it."""
DAY = 86_400


@pytest.fixture
def store(fast_folder: Path) -> Iterator[LmdbStore]:
    """A store with a release: records of users live for a day."""
    with open_store(make_store(fast_folder / "edge.lmdb", "old", users=0)) as store:
        yield store


def update(user: str, at: int, **fields: Any) -> Event:
    return Event(user, at, fields)


def delete(user: str, at: int) -> Event:
    return Event(user, at, None)


def remembered(store: LmdbStore) -> dict[str, int]:
    """How many records of each kind the store has of events."""
    with store.snapshot() as snapshot:
        kinds = [key.split(b":")[0].decode() for key, _ in snapshot.scan(EDGEKIT)]
    return {kind: kinds.count(kind) for kind in ("event", "message", "applied", "earlier") if kind in kinds}


def test_an_update_merges_its_fields_and_removes_those_that_are_null(store: LmdbStore) -> None:
    put_user(store, "u", b'{"tier":"free","name":"Ada","region":"EU"}', 0, 0)
    assert apply_event(store, "m", update("u", 1, tier="premium", name=None, city=None), NOW)
    assert User("u", {"tier": "premium", "region": "EU"}, int(NOW) + DAY) == get_user(store, "u")


def test_an_update_of_an_unknown_user_creates_it(store: LmdbStore) -> None:
    assert apply_event(store, "m", update("new", 1, tier="vip"), NOW)
    assert User("new", {"tier": "vip"}, int(NOW) + DAY) == get_user(store, "new")


def test_an_update_renews_the_expiry_and_begins_anew_what_has_expired(store: LmdbStore) -> None:
    put_user(store, "u", b'{"tier":"free","name":"Ada"}', int(NOW), 0)
    apply_event(store, "m", update("u", 1, tier="vip"), NOW)
    assert User("u", {"tier": "vip"}, int(NOW) + DAY) == get_user(store, "u")


def test_an_update_begins_anew_what_is_damaged(store: LmdbStore) -> None:
    with store.write() as txn:
        txn.put(USER_SEGMENTS, "u", b"damage")
    apply_event(store, "m", update("u", 1, tier="vip"), NOW)
    assert User("u", {"tier": "vip"}, int(NOW) + DAY) == get_user(store, "u")


def test_a_message_that_came_before_changes_nothing(store: LmdbStore) -> None:
    assert apply_event(store, "m", update("u", 1, tier="vip"), NOW)
    assert not apply_event(store, "m", update("u", 2, tier="free"), NOW)
    assert not apply_event(store, "m", delete("u", 2), NOW)
    assert get_user(store, "u").record == {"tier": "vip"}  # type: ignore[union-attr]


def test_an_event_older_than_the_last_one_changes_nothing_and_an_equal_one_counts(store: LmdbStore) -> None:
    assert apply_event(store, "a", update("u", 5, n=5), NOW)
    assert not apply_event(store, "b", update("u", 4, n=4), NOW)
    assert apply_event(store, "c", update("u", 5, n=6), NOW)
    assert not apply_event(store, "d", delete("u", 4), NOW)
    assert get_user(store, "u").record == {"n": 6}  # type: ignore[union-attr]


def test_what_is_deleted_stays_deleted_for_older_events(store: LmdbStore) -> None:
    put_user(store, "u", b"{}", 0, 0)
    assert apply_event(store, "a", delete("u", 5), NOW)
    assert get_user(store, "u") is None
    assert not apply_event(store, "b", update("u", 4, tier="vip"), NOW + DAY - 1)
    assert get_user(store, "u") is None
    assert apply_event(store, "c", update("u", 6, tier="vip"), NOW + DAY - 1)
    assert get_user(store, "u").record == {"tier": "vip"}  # type: ignore[union-attr]


def test_a_tombstone_tells_no_id(store: LmdbStore) -> None:
    apply_event(store, "m", delete("ada@example.com", 5), NOW)
    with store.snapshot() as snapshot:
        assert not [key for key, value in snapshot.scan(EDGEKIT) if b"ada" in key + value]


def test_a_message_is_remembered_while_its_signature_may_count(path: Path) -> None:
    """It counts five minutes before and after its time (Standard Webhooks), so for ten if it comes that early; until
    the end of the last second, because parts of one in `webhook-timestamp` are not signed; and then it may wait."""
    with open_store(path, create=True) as store:
        build(store, "old", ttl=Ttl(user=1))
        assert apply_event(store, "a", update("u", 5, tier="vip"), NOW + 0.9)
        assert apply_event(store, "b", update("v", 6, tier="free"), NOW + 0.9 + 2 * 300)
        assert not apply_event(store, "a", update("u", 5, tier="vip"), NOW + 0.9 + 2 * 300 + 60)


@pytest.mark.parametrize(("ttl", "kept"), [(DAY, DAY), (10, MIN_KEPT), (0, None)])
def test_what_is_remembered_goes_when_it_has_expired(path: Path, ttl: int, kept: int | None) -> None:
    with open_store(path, create=True) as store:
        build(store, "old", ttl=Ttl(user=ttl))
        apply_event(store, "a", delete("u", 5), NOW)
        apply_event(store, "b", delete("v", 5), NOW + (kept or 10 * DAY) - 1)
        assert remembered(store) == {"event": 2, "message": 2, "applied": 2}
        apply_event(store, "c", delete("w", 5), NOW + (kept or 10 * DAY))
        number = 3 if kept is None else 2
        assert {"event": number, "message": number, "applied": number} == remembered(store)
        assert apply_event(store, "a", update("u", 4, tier="vip"), NOW + DAY) == (kept is not None)


def test_what_is_remembered_is_bounded(store: LmdbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "MAX_EVENTS", 10)
    for number in range(30):
        apply_event(store, f"m{number}", update(f"u{number % 15}", number), NOW)
    assert remembered(store) == {"event": 10, "message": 10, "applied": 10}
    for number in range(30, 60):  # one user: the last of ten events leads to it
        apply_event(store, f"m{number}", update("u", number), NOW)
    assert remembered(store) == {"event": 10, "message": 10, "applied": 1}
    assert verify(store.path) == ()


def test_a_record_that_would_be_too_large_changes_nothing_and_is_not_remembered(store: LmdbStore) -> None:
    apply_event(store, "l", update("u", 1, tier="free"), NOW)
    before = remembered(store)
    with pytest.raises(EdgekitError) as raised:
        apply_event(store, "m", update("u", 1, name="x" * 17_000), NOW)
    assert raised.value.diagnostics[0].code == "EK422"
    assert User("u", {"tier": "free"}, int(NOW) + DAY) == get_user(store, "u")
    assert before == remembered(store)
    assert apply_event(store, "m", update("u", 1, name="x"), NOW)


def test_a_user_who_is_deleted_or_put_is_not_shown_as_before(store: LmdbStore) -> None:
    line = b'{"id":"u"}'
    changes = (
        lambda: delete_user(store, "u", NOW),
        lambda: put_user(store, "u", b"{}", 0, NOW),
        lambda: import_users(store, io.BytesIO(line), "jsonl", file="users.jsonl", expires=0),
    )
    for number, change in enumerate(changes):
        assert apply_event(store, f"m{number}", update("u", MOMENT + number, tier="vip"), NOW, lag=60)
        assert remembered(store)["earlier"] == 1
        change()
        assert "earlier" not in remembered(store)


@pytest.mark.parametrize("change", ["put", "delete"])
def test_what_is_put_and_deleted_by_no_event_counts_as_now(store: LmdbStore, change: str) -> None:
    """Seconds before, the same moment, and after; then the same for a user that a clock ahead told of."""
    for user, last in (("new", 0), ("ahead", MOMENT + 5)):
        apply_event(store, f"{user} first", update(user, last, tier="first"), NOW)
        if change == "put":
            put_user(store, user, b'{"tier":"put"}', 0, NOW)
            left = {user: {"tier": "put"}}
        else:
            assert delete_user(store, user, NOW)
            left = {}
        moment = max(MOMENT, last)
        assert not apply_event(store, f"{user} old", update(user, moment - 1, tier="old"), NOW)
        assert not apply_event(store, f"{user} first", update(user, moment + 1, tier="again"), NOW)
        assert left == {id: record for id, record in users_of(store).items() if id == user}
        assert apply_event(store, f"{user} same", update(user, moment, tier="same"), NOW)
        assert users_of(store)[user] == {"tier": "same"}
    assert verify(store.path) == ()


def test_nobody_who_is_deleted_is_made_by_what_was_under_way(store: LmdbStore) -> None:
    assert not delete_user(store, "u", NOW)
    assert not apply_event(store, "m", update("u", MOMENT - 1, tier="vip"), NOW)
    assert users_of(store) == {}


def test_an_import_hides_no_event_for_nobody_knows_how_old_it_is(store: LmdbStore) -> None:
    import_users(store, io.BytesIO(b'{"id":"u","tier":"imported"}'), "jsonl", file="users.jsonl", expires=0)
    assert apply_event(store, "m", update("u", 1, name="Ada"), NOW)
    assert users_of(store) == {"u": {"tier": "imported", "name": "Ada"}}


def test_neither_pruning_nor_a_build_forgets_an_event(store: LmdbStore) -> None:
    apply_event(store, "m", delete("u", 5), NOW)
    build(store, "new")
    prune(store, 1)
    assert remembered(store) == {"event": 1, "message": 1, "applied": 1}
    assert not apply_event(store, "n", update("u", 4, tier="vip"), NOW)


def test_verify_finds_what_does_not_fit_together(store: LmdbStore) -> None:
    apply_event(store, "m", update("u", 1, tier="vip"), NOW, lag=60)
    assert verify(store.path) == ()
    with store.snapshot() as snapshot:
        kept = dict(snapshot.scan(EDGEKIT))
    for kind, place in ((b"event:", 8), (b"message:", 0), (b"applied:", 0), (b"earlier:", 0)):
        key = next(key for key in kept if key.startswith(kind))
        flipped = bytearray(kept[key])
        flipped[place] ^= 0x40
        for damage in (b"", bytes(flipped), kept[key] + b"x"):
            with store.write() as txn:
                txn.put(EDGEKIT, key, damage)
            assert "EK446" in {finding.code for finding in verify(store.path)}, (kind, damage)
        with store.write() as txn:
            txn.put(EDGEKIT, key, kept[key])


# Order and duplicates against a sequential model.


class Model:
    """The specification: events one after the other."""

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self._seen: set[str] = set()
        self._last: dict[str, int] = {}

    def apply(self, message: str, event: Event) -> bool:
        if message in self._seen:
            return False
        self._seen.add(message)
        if event.at < self._last.get(event.user, event.at):
            return False
        self._last[event.user] = event.at
        if event.fields is None:
            self.users.pop(event.user, None)
        else:
            merged = {**self.users.get(event.user, {}), **event.fields}
            self.users[event.user] = {name: value for name, value in merged.items() if value is not None}
        return True


def users_of(store: LmdbStore) -> dict[str, dict[str, Any]]:
    with store.snapshot() as snapshot:
        return {key.decode(): msgspec.json.decode(value[8:]) for key, value in snapshot.scan(USER_SEGMENTS)}


some_events = st.builds(
    Event,
    st.sampled_from(["u", "v"]),
    st.integers(0, 6),
    st.none() | st.dictionaries(st.sampled_from(["tier", "name"]), st.none() | st.integers(0, 9), max_size=2),
)


@settings(max_examples=scaled(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d", "e", "f"]), some_events), max_size=12))
def test_any_sequence_gives_what_the_model_gives(fast_folder: Path, sequence: list[tuple[str, Event]]) -> None:
    with tempfile.TemporaryDirectory(dir=fast_folder) as folder, open_store(Path(folder, "s"), create=True) as store:
        model = Model()
        for message, event in sequence:
            assert model.apply(message, event) == apply_event(store, message, event, NOW)
        assert model.users == users_of(store)


def test_workers_at_once_leave_what_their_events_leave_in_order(
    fast_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each event replaces all that pages could see of one before, so any order of them is to leave the same."""
    file = make_store(fast_folder / "edge.lmdb", "old", users=0)
    sent: list[tuple[str, Event]] = []
    for number in range(scaled(200)):
        user = f"u{number % 3}"
        sent += [(f"m{number}", update(user, number, n=number) if number % 5 else delete(user, number))] * 2

    def work(seed: int) -> None:
        mine = list(sent)
        random.Random(seed).shuffle(mine)
        with open_store(file) as store:
            for message, event in mine:
                apply_event(store, message, event, NOW)

    def die() -> None:
        """In the middle of a transaction, between two changes."""
        monkeypatch.setattr(events, "remember", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        with open_store(file) as store:
            apply_event(store, "lost", update("u0", 1_000_000, n=-1), NOW)

    workers = [children.start(lambda seed=seed: work(seed)) for seed in range(4)]  # type: ignore[misc]
    assert children.run(die) == -signal.SIGKILL
    assert [children.end_of(pid) for pid in workers] == [0] * 4
    model = Model()
    for message, event in sent:
        model.apply(message, event)
    with open_store(file) as store:
        assert model.users == users_of(store)
        assert scaled(200) == remembered(store)["event"]
    assert verify(file) == ()

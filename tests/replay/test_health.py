"""Whether a worker can answer, whatever has become of its store."""

from math import inf
from typing import Any

from edgekit.kv.reader import MemoryStore
from edgekit.model.keys import CURRENT, EDGEKIT
from edgekit.replay.health import Health, check_health
from edgekit.replay.store import ReplayStore
from tests.replay.faulty import FaultyStore
from tests.replay.published import publish

SITE: dict[str, Any] = {"pages": {"/": "<p>home</p>"}}


def make_store() -> FaultyStore:
    return FaultyStore(publish(SITE))


def release_of(store: FaultyStore) -> str:
    return store.stored[EDGEKIT][CURRENT].decode()


def test_a_store_with_a_release_is_well() -> None:
    store = make_store()
    assert check_health(ReplayStore(store)) == Health(release_of(store), is_readable=True)


def test_a_store_without_a_release_is_not() -> None:
    assert check_health(ReplayStore(MemoryStore({}))).release is None


def test_with_a_failing_store_the_release_in_memory_counts() -> None:
    store = make_store()
    held = ReplayStore(store)
    release = check_health(held).release
    for what in (EDGEKIT, "snapshot"):
        store.failures = {what: inf}
        assert check_health(held) == Health(release, is_readable=False)


def test_with_a_failing_store_and_nothing_in_memory_there_is_nothing() -> None:
    for what in (EDGEKIT, "snapshot"):
        store = make_store()
        store.failures = {what: inf}
        assert check_health(ReplayStore(store)) == Health(None, is_readable=False)


def test_a_new_release_is_seen() -> None:
    store = make_store()
    held = ReplayStore(store)
    before = check_health(held)
    publish({"pages": {"/": "<p>another</p>"}}, store.stored)
    store.version += 1
    assert check_health(held) == Health(release_of(store), is_readable=True) != before

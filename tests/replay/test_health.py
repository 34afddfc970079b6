"""Whether a worker can answer, whatever has become of its store."""

from typing import Any

from edgekit.kv.reader import MemoryStore
from edgekit.replay.health import Health, check_health
from edgekit.replay.store import ReplayStore
from tests.replay.published import publish

SITE: dict[str, Any] = {"pages": {"/": "<p>home</p>"}}


class Failing(MemoryStore):
    """`fails` says at what: `snapshot`, `get` or nothing."""

    fails = ""

    def snapshot(self) -> "Failing":
        if self.fails == "snapshot":
            raise OSError
        return self

    def get(self, namespace: Any, key: str | bytes) -> bytes | None:
        if self.fails == "get":
            raise OSError
        return super().get(namespace, key)


def make_store() -> Failing:
    return Failing(publish(SITE))


def release_of(store: MemoryStore) -> str:
    name = store.get("_EDGEKIT", "current")
    assert name is not None
    return name.decode()


def test_a_store_with_a_release_is_well() -> None:
    store = make_store()
    assert check_health(ReplayStore(store)) == Health(release_of(store), is_readable=True)


def test_a_store_without_a_release_is_not() -> None:
    assert check_health(ReplayStore(MemoryStore({}))).release is None


def test_with_a_failing_store_the_release_in_memory_counts() -> None:
    store = make_store()
    held = ReplayStore(store)
    release = check_health(held).release
    for store.fails in ("get", "snapshot"):
        assert check_health(held) == Health(release, is_readable=False)


def test_with_a_failing_store_and_nothing_in_memory_there_is_nothing() -> None:
    for fails in ("get", "snapshot"):
        store = make_store()
        store.fails = fails
        assert check_health(ReplayStore(store)) == Health(None, is_readable=False)


def test_a_new_release_is_seen() -> None:
    store = make_store()
    held = ReplayStore(store)
    before = check_health(held)
    store.namespaces = publish({"pages": {"/": "<p>another</p>"}})
    store.version += 1
    assert check_health(held) == Health(release_of(store), is_readable=True) != before

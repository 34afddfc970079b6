"""A builder that is killed leaves a store of exactly one release, and its users."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edgekit.kv.lock import build_lock
from edgekit.kv.store import open_store
from edgekit.kv.transaction import WriteTransaction
from edgekit.kv.verify import verify
from tests.kv.children import end_of, run, start
from tests.kv.packs import bodies_of, build, make_store, pages_of, release_and_users, release_of
from tests.scale import scaled

OPERATIONS = ("put", "delete", "commit")


def watch(before: Callable[[], None], after: Callable[[], None]) -> None:
    """In a child: call these around every store operation."""
    for name in OPERATIONS:
        operation = getattr(WriteTransaction, name)

        def watched(self: object, *args: object, operation: Callable[..., object] = operation) -> object:
            before()
            result = operation(self, *args)
            after()
            return result

        setattr(WriteTransaction, name, watched)


def publish(path: Path, version: str) -> None:
    with build_lock(path), open_store(path) as store:
        build(store, version)


def hold_snapshot(path: Path, ready: int, go: int, expected: dict[tuple[str, str], bytes | None]) -> None:
    """In a child: take a snapshot, and see the same release in it after the builder was killed."""
    with open_store(path) as store, store.snapshot() as snapshot:
        version = snapshot.version
        os.write(ready, b"r")
        os.read(go, 1)
        assert snapshot.version == version
        pages = {
            (namespace, key.decode()): snapshot.get("VALUES", value[8:])
            for namespace in ("ASSETS", "PAGE_TPL", "STATIC_PAGES")
            for key, value in snapshot.scan(namespace)  # type: ignore[arg-type]
        }
        assert pages == expected


def is_one_release(path: Path) -> str:
    """`old` or `new`, after every page, user and digest was found to be of that release."""
    with open_store(path) as store:
        release, users = release_and_users(store)
        assert users == [b"u0", b"u1"]
        found = {release_of("old"): "old", release_of("new"): "new"}[str(release)]
        assert pages_of(store) == bodies_of(*(["old", "new"] if found == "new" else ["old"]))
    assert verify(path) == ()
    return found


def count_operations(base: Path) -> int:
    reading, writing = os.pipe()

    def work() -> None:
        watch(lambda: None, lambda: os.write(writing, b".") and None)
        publish(base, "new")

    assert run(work) == 0
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        return len(pipe.read())


def test_a_builder_killed_before_and_after_every_operation_leaves_one_release(fast_folder: Path) -> None:
    base = make_store(fast_folder / "base.lmdb", "old")
    operations = count_operations(Path(shutil.copy(base, fast_folder / "counted.lmdb")))
    assert operations > 30
    seen = []
    for point in range(operations):
        for moment in ("before", "after"):
            path = Path(shutil.copy(base, fast_folder / "edge.lmdb"))
            ready, go = os.pipe(), os.pipe()
            reader = start(lambda: hold_snapshot(path, ready[1], go[0], bodies_of("old")))  # noqa: B023
            os.read(ready[0], 1)

            def work() -> None:
                left = [point]  # noqa: B023

                def count() -> None:
                    left[0] -= 1
                    if left[0] < 0:
                        os.kill(os.getpid(), signal.SIGKILL)

                nothing = lambda: None  # noqa: E731
                watch(*((count, nothing) if moment == "before" else (nothing, count)))  # noqa: B023
                publish(path, "new")  # noqa: B023

            assert run(work) == -signal.SIGKILL
            os.write(go[1], b"g")
            assert end_of(reader) == 0
            seen.append(is_one_release(path))
            for end in (*ready, *go):
                os.close(end)
        if point % 8 == 0:
            assert run(lambda: publish(path, "new")) == 0  # noqa: B023
            assert is_one_release(path) == "new"
    # All but a kill after the last commit leave the old release.
    assert seen == ["old"] * (2 * operations - 1) + ["new"]


def test_a_builder_killed_at_any_moment_leaves_one_release(fast_folder: Path) -> None:
    path = fast_folder / "edge.lmdb"
    make_store(path, "old")
    random.seed(3)
    seen = set()

    def work(ready: int) -> None:
        with build_lock(path), open_store(path) as store:
            os.write(ready, b"r")
            while True:
                build(store, "new")
                build(store, "old")

    with open_store(path) as store:
        began = time.monotonic()
        build(store, "new")
        build(store, "old")
        window = time.monotonic() - began
    for _ in range(scaled(300)):
        ready = os.pipe()
        builder = start(lambda: work(ready[1]))  # noqa: B023
        os.read(ready[0], 1)
        time.sleep(random.uniform(0, window))
        os.kill(builder, signal.SIGKILL)
        assert end_of(builder) == -signal.SIGKILL
        os.close(ready[0])
        os.close(ready[1])
        with open_store(path) as store:
            release, users = release_and_users(store)
            pages = pages_of(store)
        assert users == [b"u0", b"u1"]
        version = {release_of("old"): "old", release_of("new"): "new"}[str(release)]
        # Both versions were published by now: both assets stay.
        assert pages == bodies_of("new" if version == "old" else "old", version)
        seen.add(version)
    assert seen == {"old", "new"}
    assert verify(path) == ()


@pytest.mark.parametrize("killed", [True, False])
def test_readers_see_one_release_only(path: Path, killed: bool) -> None:
    """While a builder goes back and forth between two releases as fast as it can, and also when it is killed."""
    make_store(path, "old", "new")
    expected = {release_of("old"): bodies_of("new", "old"), release_of("new"): bodies_of("old", "new")}

    def work() -> None:
        with open_store(path) as store:
            for _ in range(scaled(150)):
                build(store, "old")
                build(store, "new")
            if killed:
                os.kill(os.getpid(), signal.SIGKILL)

    builder = start(work)
    seen = set()
    with open_store(path) as store:
        while os.waitpid(builder, os.WNOHANG) == (0, 0):
            with store.snapshot() as snapshot:
                release = (snapshot.get("_EDGEKIT", "current") or b"").decode()
                pages = {
                    (namespace, key.decode()): snapshot.get("VALUES", value[8:])
                    for namespace in ("ASSETS", "PAGE_TPL", "STATIC_PAGES")
                    for key, value in snapshot.scan(namespace)  # type: ignore[arg-type]
                }
            assert pages == expected[release]
            seen.add(release)
    assert seen == set(expected)

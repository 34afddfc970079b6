"""A builder that is killed leaves a store of exactly one release, and its users."""

import os
import random
import shutil
import signal
import time
from itertools import count
from pathlib import Path

import pytest

from edgekit.kv.lock import build_lock
from edgekit.kv.store import open_store
from edgekit.kv.verify import verify
from tests.kv.children import end_of, holding_snapshot, run, start
from tests.kv.kills import MOMENTS, count_operations, kill
from tests.kv.packs import (
    bodies_of,
    build,
    check_release,
    make_store,
    pages_in,
    pages_of,
    release_and_users,
    release_of,
)
from tests.scale import scaled


def publish(path: Path, version: str) -> None:
    with build_lock(path), open_store(path) as store:
        build(store, version)


def test_a_builder_killed_before_and_after_every_operation_leaves_one_release(fast_folder: Path) -> None:
    base = make_store(fast_folder / "base.lmdb", "old")
    path = fast_folder / "edge.lmdb"
    shutil.copy(base, path)
    operations = count_operations(lambda: publish(path, "new"))
    assert operations > 30
    seen = []
    for number in range(operations):
        for moment in MOMENTS:
            shutil.copy(base, path)
            with holding_snapshot(path, bodies_of("old")):
                kill(lambda: publish(path, "new"), moment, number)
            seen.append(check_release(path))
        if number % 8 == 0:
            assert run(lambda: publish(path, "new")) == 0
            assert check_release(path) == "new"
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
    both_seen = path.with_name("both seen")

    def work() -> None:
        with open_store(path) as store:
            for number in count():
                if number >= scaled(150) and both_seen.exists():
                    break
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
                pages = pages_in(snapshot)
            assert pages == expected[release]
            seen.add(release)
            if seen == set(expected):
                both_seen.touch()

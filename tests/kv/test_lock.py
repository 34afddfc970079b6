"""One builder a store."""

import os
import signal
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.lock import build_lock
from tests.kv.children import end_of, start


def hold(path: Path, ready: int, go: int) -> None:
    with build_lock(path):
        os.write(ready, b"r")
        os.read(go, 1)


def test_a_second_builder_is_told_who_builds(tmp_path: Path) -> None:
    path = tmp_path / "new" / "edge.lmdb"
    ready, go = os.pipe(), os.pipe()
    builder = start(lambda: hold(path, ready[1], go[0]))
    os.read(ready[0], 1)
    with pytest.raises(EdgekitError, match=f"EK431 process {builder} is building") as caught, build_lock(path):
        pass
    assert caught.value.status == 2
    os.write(go[1], b"g")
    with build_lock(path, wait=True):
        assert path.with_name("edge.lmdb.build").read_text() == f"{os.getpid()}\n"
    assert end_of(builder) == 0


def test_a_killed_builder_holds_nothing(path: Path) -> None:
    ready, go = os.pipe(), os.pipe()
    builder = start(lambda: hold(path, ready[1], go[0]))
    os.read(ready[0], 1)
    os.kill(builder, signal.SIGKILL)
    assert end_of(builder) == -signal.SIGKILL
    with build_lock(path):
        pass


def test_a_builder_that_fails_frees_the_lock(path: Path) -> None:
    with pytest.raises(KeyError), build_lock(path):
        raise KeyError
    with build_lock(path):
        pass


def test_a_child_of_a_killed_builder_does_not_hold_the_lock(path: Path) -> None:
    ready, go = os.pipe(), os.pipe()

    def work() -> None:
        with build_lock(path):
            end_of(start(lambda: (os.write(ready[1], b"r"), os.read(go[0], 1))))

    builder = start(work)
    os.read(ready[0], 1)
    os.kill(builder, signal.SIGKILL)
    end_of(builder)
    try:
        with build_lock(path):
            pass
    finally:
        os.write(go[1], b"g")


@pytest.mark.parametrize("text", [None, "notes"])
def test_nothing_is_made_beside_what_is_no_store(path: Path, text: str | None) -> None:
    path.mkdir() if text is None else path.write_text(text)
    with pytest.raises(EdgekitError, match="EK424"), build_lock(path):
        pass
    assert [*path.parent.iterdir()] == [path]


def test_a_link_to_a_store_has_the_same_lock(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path)
    with build_lock(path), pytest.raises(EdgekitError, match="EK431"), build_lock(tmp_path / "link"):
        pass


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "edge.lmdb", tmp_path / ("long" * 100)):
        with pytest.raises(EdgekitError, match="EK428"), build_lock(path):
            pass

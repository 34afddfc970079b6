"""The runtime folder: one that a killed server left is removed by the next, and nothing else is."""

import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from edgekit.replay.runtime import runtime_folder
from tests.kv.children import end_of, start


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make(parent: Path, name: str, mode: int = 0o700, *files: str) -> Path:
    folder = parent / name
    folder.mkdir()
    folder.chmod(mode)
    for file in files:
        (folder / file).write_bytes(b"")
    return folder


def start_another(parent: Path) -> None:
    with runtime_folder() as folder:
        assert folder.parent == parent
    assert not folder.exists()


def test_what_a_killed_server_left_is_removed(parent: Path) -> None:
    folder = make(parent, "edgekit-serve-killed", 0o700, "mark", "metrics-1")
    os.mkfifo(folder / "tail-1000000-a")
    (folder / "new-metrics-1").symlink_to(parent / "file")
    (parent / "file").write_text("kept")
    start_another(parent)
    assert [parent / "file"] == [*parent.iterdir()]


def test_the_folder_of_one_that_lives_is_left(parent: Path) -> None:
    with runtime_folder() as folder:
        start_another(parent)
        assert (folder / "mark").exists()


def test_a_worker_keeps_the_folder_when_the_parent_is_killed(parent: Path) -> None:
    ready, go = os.pipe(), os.pipe()

    def serve() -> None:
        with runtime_folder():
            if os.fork() == 0:
                os.write(ready[1], b"r")
                os.read(go[0], 1)
                os._exit(0)
            os.kill(os.getpid(), signal.SIGKILL)

    assert end_of(start(serve)) == -signal.SIGKILL
    os.read(ready[0], 1)
    start_another(parent)
    assert len([*parent.iterdir()]) == 1
    os.close(ready[1])
    os.write(go[1], b"g")
    assert os.read(ready[0], 1) == b""  # the worker ends, and frees the lock now
    deadline = time.monotonic() + 20
    while [*parent.iterdir()]:
        assert time.monotonic() < deadline
        start_another(parent)


def test_nothing_else_is_removed(parent: Path) -> None:
    kept = [
        make(parent, "edgekit-serve-begun", 0o700),
        make(parent, "edgekit-serve-open", 0o755, "mark"),
        make(parent, "other", 0o700, "mark"),
    ]
    (parent / "edgekit-serve-link").symlink_to(kept[2])
    (parent / "edgekit-serve-file").write_bytes(b"")
    full = make(parent, "edgekit-serve-full", 0o700, "mark")
    make(full, "folder", 0o700, "file")
    before = {*parent.rglob("*")}
    start_another(parent)
    assert {*parent.rglob("*")} == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_left(parent: Path) -> None:
    folder = make(parent, "edgekit-serve-theirs", 0o700, "mark")
    os.chown(folder, 65_534, 65_534)
    start_another(parent)
    assert (folder / "mark").exists()

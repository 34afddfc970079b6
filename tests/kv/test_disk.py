"""Full disks and mounts that cannot be written: a clear error, and nothing lost."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv import environment
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.users import put_user
from edgekit.kv.verify import verify
from tests.kv.children import run
from tests.kv.packs import bodies_of, build, make_store, pages_of
from tests.source import ROOT

UNSHARE = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
CAN_MOUNT = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0
needs_mounts = pytest.mark.skipif(not CAN_MOUNT, reason="`unshare -m` may not mount here: run as root")
NOBODY = 65_534


def in_private_mounts(*arguments: str | Path) -> list[str]:
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-m", "tests.kv.mounts", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@needs_mounts
def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    assert in_private_mounts("full", tmp_path) == [
        "build EK430",
        "whole True True",
        "reopen ok",
        "open-without-lock-file EK430",
        "create EK430",
        "verified True",
        "rebuilt True",
        "create-again ok",
    ]


@needs_mounts
def test_a_read_only_mount_is_read_and_followed_but_not_written(tmp_path: Path) -> None:
    store = make_store(tmp_path / "edge.lmdb", "old")
    folder = tmp_path / "mounted"
    folder.mkdir()
    assert in_private_mounts("read-only", folder, store) == [
        "read True",
        "write EK428",
        "verified True",
        "create EK428",
        "followed True",
    ]


def build_many(store: LmdbStore) -> None:
    for number in range(100):
        build(store, f"v{number}")


def test_a_file_that_may_not_grow_loses_nothing(path: Path) -> None:
    make_store(path, "old")

    def work() -> None:
        size = path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        with open_store(path) as store, pytest.raises(EdgekitError, match="EK430"):
            build_many(store)

    assert run(work) == 0
    with open_store(path) as store:
        # Some versions may have fitted; there is one of them, whole.
        pages = pages_of(store)
        version = next(key[1:] for namespace, key in pages if namespace == "STATIC_PAGES" and key != "/about")
        assert pages.items() >= bodies_of(version).items()
    assert verify(path) == ()


def test_a_write_that_ends_in_the_middle_loses_nothing(path: Path) -> None:
    make_store(path, "old")

    def work() -> None:
        limit = path.stat().st_size + 100_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        with open_store(path) as store, pytest.raises(EdgekitError, match="EK430"), store.write() as txn:
            txn.put("VALUES", b"large", bytes(1_000_000))

    assert run(work) == 0
    with open_store(path) as store:
        assert pages_of(store) == bodies_of("old")
    assert verify(path) == ()


def test_a_store_at_its_largest_size_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(environment._OPTIONS, "map_size", 400 * 1024)
    make_store(path, "old")
    with open_store(path) as store:
        with pytest.raises(EdgekitError, match="EK430"):
            build_many(store)
        build(store, "old")
    assert verify(path) == ()


@pytest.mark.parametrize("writable", ["folder", "nothing"])
def test_a_store_of_another_user_is_read_but_not_written(writable: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = make_store(Path(folder) / "edge.lmdb", "old")
        path.chmod(0o444)
        path.with_name("edge.lmdb-lock").unlink()
        os.chmod(folder, 0o777 if writable == "folder" else 0o555)

        def work() -> None:
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            with open_store(path) as store:
                assert store.read_only
                assert pages_of(store) == bodies_of("old")
                with pytest.raises(EdgekitError, match="EK428"):
                    put_user(store, "u9", b"{}", 0, 0)

        assert run(work) == 0
        os.chmod(folder, 0o700)


def test_a_store_that_may_not_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = make_store(Path(folder) / "edge.lmdb", "old")
        path.chmod(0)
        os.chmod(folder, 0o755)

        def work() -> None:
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            for create in (False, True):
                with pytest.raises(EdgekitError, match="EK428"):
                    open_store(path, create=create)

        assert run(work) == 0

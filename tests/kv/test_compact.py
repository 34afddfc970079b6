"""Compacting: the same store in a smaller file, or the store as it was."""

import os
import resource
import signal
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv import compact as compacting
from edgekit.kv.compact import compact
from edgekit.kv.prune import prune
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.users import delete_user, put_user
from edgekit.kv.verify import verify
from tests.kv.children import end_of, run, start
from tests.kv.packs import bodies_of, build, make_store, pages_of, records_of, release_and_users
from tests.scale import scaled
from tests.source import ROOT


def sprawl(path: Path) -> Path:
    """A store with much free space in it, and one release."""
    make_store(path, *(f"v{number}" for number in range(10)), "last", users=20)
    with open_store(path) as store:
        prune(store, 1)
    return path


def transaction(path: Path) -> int:
    with open_store(path) as store, store.snapshot() as snapshot:
        return snapshot.version


def test_the_same_store_takes_less_space(path: Path) -> None:
    before, size, number = records_of(sprawl(path)), path.stat().st_size, transaction(path)
    done = compact(path)
    assert (done.before, done.after) == (size, path.stat().st_size)
    assert done.after < size / 2
    assert records_of(path) == before
    assert transaction(path) == number
    assert verify(path) == ()
    assert sorted(file.name for file in path.parent.iterdir()) == ["edge.lmdb", "edge.lmdb-lock"]


def test_a_compacted_store_is_built_and_compacted_again(path: Path) -> None:
    """At an even and at an odd number of its last transaction: they have different meta pages."""
    sprawl(path)
    for number in range(4):
        compact(path)
        with open_store(path) as store:
            build(store, "odd" if number % 2 else "even")
        assert verify(path) == ()
    with open_store(path) as store:
        assert pages_of(store).items() >= bodies_of("odd").items()


def test_a_deleted_user_is_gone_from_the_file(path: Path) -> None:
    sprawl(path)
    with open_store(path) as store:
        put_user(store, "secret-id", b'{"name":"Confidential"}', 0, 0)
        for number in range(200):
            put_user(store, f"m{number}", b'{"name":"filler"}', 0, 0)
        assert delete_user(store, "secret-id", 0)
    assert b"Confidential" in path.read_bytes()
    compact(path)
    data = path.read_bytes()
    assert b"Confidential" not in data
    assert b"secret-id" not in data


@pytest.mark.parametrize("writes", [False, True])
def test_a_store_that_another_process_has_open_is_left_alone(path: Path, writes: bool) -> None:
    sprawl(path)
    ready, go = os.pipe(), os.pipe()

    def work() -> None:
        with open_store(path) as store:
            if writes:
                put_user(store, "u9", b"{}", 0, 0)
            os.write(ready[1], b"r")
            os.read(go[0], 1)

    other = start(work)
    os.read(ready[0], 1)
    before = path.stat()
    with pytest.raises(EdgekitError, match="EK447"):
        compact(path)
    assert path.stat().st_ino == before.st_ino
    os.write(go[1], b"g")
    assert end_of(other) == 0
    compact(path)
    assert verify(path) == ()


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who waits for a lock")
def test_who_opens_it_meanwhile_waits_and_finds_the_new_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer, and a reader who may not write, which LMDB opens in another order."""
    sprawl(path)
    copy = LmdbStore.copy_compact
    children: list[int] = []

    inode = path.with_name("inode")

    def slow_copy(store: LmdbStore, file: int) -> None:
        inode.write_text(str(os.fstat(file).st_ino))
        # A child that is forked here would have this store open: a fresh process forks them.
        for role in ("write", "write", "read"):
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-m", "tests.kv.openers", role, str(path), str(inode)],
                {**os.environ, "PYTHONPATH": str(ROOT)},
            )
            children.append(pid)
        # Until all of them wait for the lock file's first byte.
        number = os.stat(f"{path}-lock").st_ino
        while sum(f":{number} " in line and "->" in line for line in Path("/proc/locks").read_text().splitlines()) < 3:
            for pid in children:
                assert os.waitpid(pid, os.WNOHANG) == (0, 0)
            time.sleep(0.01)
        copy(store, file)

    monkeypatch.setattr(LmdbStore, "copy_compact", slow_copy)
    compact(path)
    assert [end_of(child) for child in children[:2]] == [0, 0]
    with open_store(path) as store:
        assert {b"u0", b"w"} <= set(release_and_users(store)[1])
        put_user(store, "later", b"{}", 0, 0)
    inode.unlink()
    assert end_of(children[2]) == 0
    assert verify(path) == ()


@pytest.mark.parametrize("step", ["_lock_alone", "_number", "_sync_folder", "_write_copy"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_one_that_is_killed_loses_nothing(path: Path, step: str, moment: str) -> None:
    before = records_of(sprawl(path))

    def work() -> None:
        original = getattr(compacting, step)

        def killed(*arguments: object) -> None:
            if moment == "after":
                original(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(compacting, step, killed)
        compact(path)

    assert run(work) == -signal.SIGKILL
    assert records_of(path) == before
    with open_store(path) as store:
        put_user(store, "u99", b"{}", 0, 0)
    assert verify(path) == ()
    compact(path)
    assert not path.with_name("edge.lmdb.compact").exists()
    assert len(records_of(path)) == len(before) + 4  # the user, and three records of when it was put


def test_a_full_disk_loses_nothing(path: Path) -> None:
    before = records_of(sprawl(path))

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with pytest.raises(EdgekitError, match="EK430"):
            compact(path)

    assert run(work) == 0
    assert sorted(file.name for file in path.parent.iterdir()) == ["edge.lmdb", "edge.lmdb-lock"]
    assert records_of(path) == before


def test_owner_and_permissions_stay(path: Path) -> None:
    sprawl(path).chmod(0o604)
    if os.geteuid() == 0:
        os.chown(path, 1234, 5678)
    before = path.stat()
    compact(path)
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_users_written_while_it_is_compacted_again_and_again_are_all_there(path: Path) -> None:
    """Writers open, write and close as fast as they can; none of their users may be lost."""
    sprawl(path)
    enough, children = path.with_name("enough"), []
    for name in ("a", "b"):

        def work(name: str = name) -> None:
            for number in count():
                if number >= scaled(100) and enough.exists():
                    path.with_name(name).write_text(str(number))
                    return
                with open_store(path) as store:
                    put_user(store, f"{name}{number}", b"{}", 0, 0)

        children.append(start(work))
    compacted, refused = 0, set()
    while any(os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None for child in children):
        try:
            compact(path)
            compacted += 1
        except EdgekitError as error:
            refused.add(error.diagnostics[0].code)
        if compacted == 3:  # of many tries: seldom has neither of them the store open
            enough.touch()
    assert [end_of(child) for child in children] == [0, 0]
    assert refused <= {"EK447"}
    with open_store(path) as store:
        expected = {f"{name}{n}".encode() for name in "ab" for n in range(int(path.with_name(name).read_text()))}
        assert expected <= set(release_and_users(store)[1])
    assert verify(path) == ()

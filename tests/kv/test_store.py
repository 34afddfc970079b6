"""Snapshots, write transactions, and one environment a file and process."""

import os
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.store import LmdbStore, open_store
from tests.kv.children import end_of, run, start
from tests.kv.packs import make_store


def test_a_new_store_is_made_whole_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "edge.lmdb"
    with open_store(path, create=True) as store, store.snapshot() as snapshot:
        assert snapshot.get("_EDGEKIT", "format") == b"1"
    assert sorted(os.listdir(path.parent)) == ["edge.lmdb", "edge.lmdb-lock"]


def test_a_path_need_not_be_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff") / "edge.lmdb"
    with open_store(path, create=True) as store, store.snapshot() as snapshot:
        assert snapshot.get("_EDGEKIT", "format") == b"1"


def test_what_a_killed_creator_left_is_no_hindrance(path: Path) -> None:
    path.with_name("edge.lmdb.new").write_bytes(b"half of a store")
    open_store(path, create=True).close()
    assert not path.with_name("edge.lmdb.new").exists()


def test_many_creators_make_one_store(path: Path) -> None:
    def work() -> None:
        with open_store(path, create=True) as store, store.write() as txn:
            txn.put("USER_SEGMENTS", str(os.getpid()), b"x")

    children = [start(work) for _ in range(8)]
    assert [end_of(child) for child in children] == [0] * 8
    with open_store(path) as store, store.snapshot() as snapshot:
        assert snapshot.count("USER_SEGMENTS") == 8


def test_opening_again_shares_until_the_last_closes(path: Path, tmp_path: Path) -> None:
    first = open_store(path, create=True)
    (tmp_path / "link").symlink_to(path)
    assert open_store(tmp_path / "link") is first
    first.close()
    with first.snapshot() as snapshot:
        assert snapshot.get("_EDGEKIT", "format") == b"1"
    first.close()
    with open_store(path) as second:
        assert second is not first


def test_a_store_is_not_used_after_a_fork(path: Path) -> None:
    def work() -> None:
        with pytest.raises(RuntimeError, match="before a fork"):
            store.snapshot()
        with pytest.raises(RuntimeError, match="before a fork"):
            open_store(path)

    with open_store(path, create=True) as store, store.snapshot() as held:
        assert run(work) == 0
        # The child took no reader slot of the parent's.
        assert held.get("_EDGEKIT", "format") == b"1"
        assert store._env.readers().count(str(os.getpid())) == 1


def test_a_snapshot_is_one_moment(path: Path) -> None:
    with open_store(path, create=True) as store:
        with store.snapshot() as before:
            with store.write() as txn:
                txn.put("USER_SEGMENTS", "u", b"new")
            assert before.get("USER_SEGMENTS", "u") is None
            with store.snapshot() as after:
                assert after.get("USER_SEGMENTS", "u") == b"new"
                assert after.version != before.version
                version = after.version
        with store.snapshot() as again:
            assert again.version == version


def test_a_key_that_no_store_holds_is_not_there(path: Path) -> None:
    with open_store(path, create=True) as store, store.snapshot() as snapshot:
        assert [snapshot.get("PAGE_TPL", key) for key in ("", "x" * 512, "é" * 400, "\ud800", b"")] == [None] * 5


def write_and_fail(store: LmdbStore) -> None:
    with store.write() as txn:
        txn.put("USER_SEGMENTS", "u", b"new")
        raise KeyError


def test_an_exception_undoes_a_write(path: Path) -> None:
    with open_store(path, create=True) as store:
        with pytest.raises(KeyError):
            write_and_fail(store)
        with store.snapshot() as snapshot:
            assert snapshot.get("USER_SEGMENTS", "u") is None


@pytest.mark.parametrize("replaced", [True, False])
def test_nothing_is_written_to_a_file_that_is_no_longer_there(path: Path, tmp_path: Path, replaced: bool) -> None:
    with open_store(path, create=True) as store:
        if replaced:
            open_store(tmp_path / "other.lmdb", create=True).close()
            (tmp_path / "other.lmdb").rename(path)
        else:
            path.unlink()
        with pytest.raises(EdgekitError, match=r"EK428 .* removed or replaced"), store.write() as txn:
            txn.put("USER_SEGMENTS", "u1", b"x")
        with store.snapshot() as snapshot:
            assert snapshot.get("USER_SEGMENTS", "u1") is None


def test_a_scan_goes_over_a_prefix_in_byte_order(path: Path) -> None:
    with open_store(path, create=True) as store, store.write() as txn:
        for key in ("b", "a:2", "a:1", "a", "é"):
            txn.put("PAGE_TPL", key, key.encode())
        assert [key for key, _ in txn.scan("PAGE_TPL", b"a:")] == [b"a:1", b"a:2"]
        assert [key for key, _ in txn.scan("PAGE_TPL")] == [b"a", b"a:1", b"a:2", b"b", "é".encode()]
        assert list(txn.scan("PAGE_TPL", b"zz")) == []


def test_threads_read_while_one_writes(path: Path) -> None:
    """Each snapshot sees the two keys with one value."""
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            with store.snapshot() as snapshot:
                pair = snapshot.get("USER_SEGMENTS", "a"), snapshot.get("USER_SEGMENTS", "b")
            if pair[0] != pair[1]:
                wrong.append(pair)

    with open_store(path, create=True) as store:
        threads = [threading.Thread(target=read) for _ in range(6)]
        for thread in threads:
            thread.start()
        for number in range(100):
            with store.write() as txn:
                txn.put("USER_SEGMENTS", "a", b"%d" % number)
                txn.put("USER_SEGMENTS", "b", b"%d" % number)
        done.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_readers_that_were_killed_are_forgotten(path: Path) -> None:
    make_store(path)

    def work() -> None:
        store = open_store(path)
        store.snapshot().get("_EDGEKIT", "format")
        os.kill(os.getpid(), 9)

    assert run(work) == -9
    with open_store(path) as store:
        assert store._env.reader_check() == 0


def enter_for_ever(stack: ExitStack, store: LmdbStore) -> None:
    while True:
        stack.enter_context(store.snapshot())


def test_more_readers_than_places_is_told(path: Path) -> None:
    with open_store(path, create=True) as store:
        with ExitStack() as stack, pytest.raises(EdgekitError, match="EK428"):
            enter_for_ever(stack, store)
        del stack
        with store.snapshot() as snapshot:
            assert snapshot.get("_EDGEKIT", "format") == b"1"


def test_a_store_opens_while_another_process_publishes(path: Path) -> None:
    """Its meta pages change while they are read."""
    make_store(path, "old")

    def work() -> None:
        with open_store(path) as store:
            for number in range(1000):
                with store.write() as txn:
                    txn.put("USER_SEGMENTS", f"u{number % 50}", b"x" * number)

    writer = start(work)
    while os.waitpid(writer, os.WNOHANG) == (0, 0):
        open_store(path).close()

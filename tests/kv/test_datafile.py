"""Files that are no sound store are recognised before LMDB maps them, told in one message, and left as they are."""

import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import lmdb
import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv import datafile
from edgekit.kv.store import open_store
from edgekit.kv.verify import verify
from tests.kv.packs import bodies_of, make_store, pages_of

PAGE = 4096


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_store(tmp_path_factory.mktemp("sound") / "edge.lmdb", "old").read_bytes()


def newer(data: bytes) -> int:
    """The number of the meta page that counts."""
    return max((0, 1), key=lambda page: struct.unpack_from("=Q", data, page * PAGE + 144)[0])


def changed(data: bytes, offset: int, new: bytes) -> bytes:
    return data[:offset] + new + data[offset + len(new) :]


CASES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "empty": ("EK424", lambda data: b""),
    "one byte": ("EK424", lambda data: b"x"),
    "text": ("EK424", lambda data: b"users and pages\n" * 1000),
    "zeros": ("EK424", lambda data: bytes(len(data))),
    "magic of page 0": ("EK424", lambda data: changed(data, 16, b"\0")),
    "magic of page 1": ("EK425", lambda data: changed(data, PAGE + 16, b"\0")),
    "LMDB data version": ("EK427", lambda data: changed(data, 20, b"\2")),
    "LMDB 1.0": ("EK427", lambda data: changed(data, 16, struct.pack("=QI", 0, datafile.MAGIC))),
    "meta page number": ("EK425", lambda data: changed(data, PAGE, b"\7")),
    "meta page flags": ("EK425", lambda data: changed(data, 10, b"\0")),
    "page size": ("EK425", lambda data: changed(data, 40, b"\1")),
    "page size of page 1": ("EK425", lambda data: changed(data, PAGE + 41, b"\x20")),
    "transaction": ("EK425", lambda data: changed(data, newer(data) * PAGE + 150, b"\1")),
    "parity of transactions": ("EK425", lambda data: data[PAGE : 2 * PAGE] + data[:PAGE] + data[2 * PAGE :]),
    "last page": ("EK425", lambda data: changed(data, newer(data) * PAGE + 138, b"\1")),
    "inside the first meta page": ("EK424", lambda data: data[:100]),
    "after the first meta page": ("EK425", lambda data: data[:PAGE]),
    "inside the second meta page": ("EK425", lambda data: data[: PAGE + 100]),
    "after the meta pages": ("EK425", lambda data: data[: 2 * PAGE]),
    "half": ("EK425", lambda data: data[: len(data) // 2]),
    "a page short": ("EK425", lambda data: data[:-PAGE]),
    "a byte short": ("EK425", lambda data: data[:-1]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_damaged_file_is_refused_and_left_as_it_is(sound: bytes, path: Path, case: str) -> None:
    code, damage = CASES[case]
    data = damage(sound)
    path.write_bytes(data)
    for create in (False, True):
        with pytest.raises(EdgekitError) as caught:
            open_store(path, create=create)
        assert [(found.code, str(path) in found.message) for found in caught.value.diagnostics] == [(code, True)]
        assert caught.value.status == 2
    assert path.read_bytes() == data
    assert os.listdir(path.parent) == [path.name]


def test_every_truncation_is_found(sound: bytes, path: Path) -> None:
    for length in range(0, len(sound) - 1, 997):
        path.write_bytes(sound[:length])
        with pytest.raises(EdgekitError, match=r"EK42[45]"):
            open_store(path)


def test_verify_tells_damage_as_a_finding(sound: bytes, path: Path) -> None:
    path.write_bytes(sound[:-PAGE])
    assert [found.code for found in verify(path)] == ["EK425"]


def test_verify_stops_at_a_newer_format(sound: bytes, path: Path) -> None:
    path.write_bytes(changed(sound, 20, b"\2"))
    with pytest.raises(EdgekitError, match="EK427"):
        verify(path)


def test_a_missing_file_is_told(path: Path) -> None:
    for missing in (path, path / "below", Path("/nowhere/edge.lmdb")):
        with pytest.raises(EdgekitError, match="EK423"):
            open_store(missing)


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    for create in (False, True):
        with pytest.raises(EdgekitError, match=r"EK424.*a folder"):
            open_store(tmp_path, create=create)


def test_a_pipe_is_no_store_and_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(EdgekitError, match="EK424"):
        open_store(path)


def write_format(path: Path, version: bytes) -> None:
    with lmdb.open(str(path), subdir=False, max_dbs=8) as env, env.begin(write=True) as txn:
        txn.put(b"format", version, db=env.open_db(b"_EDGEKIT", txn=txn))


@pytest.mark.parametrize(
    ("version", "code"), [(b"2", "EK427"), (b"999999999999", "EK427"), (b"x", "EK425"), (b"", "EK425")]
)
def test_another_format_of_edgekit_is_refused(path: Path, version: bytes, code: str) -> None:
    make_store(path, "old")
    write_format(path, version)
    with pytest.raises(EdgekitError, match=code):
        open_store(path, create=True)


def test_another_programs_file_is_refused(path: Path) -> None:
    with lmdb.open(str(path), subdir=False, max_dbs=2) as env, env.begin(write=True) as txn:
        txn.put(b"key", b"value", db=env.open_db(b"mine", txn=txn))
    with pytest.raises(EdgekitError, match="EK426"):
        open_store(path, create=True)


def test_a_plain_file_of_another_program_is_refused(path: Path) -> None:
    with lmdb.open(str(path), subdir=False) as env, env.begin(write=True) as txn:
        txn.put(b"key", b"value")
    with pytest.raises(EdgekitError, match=r"EK42[56]"):
        open_store(path)


def test_a_copy_is_a_store(path: Path, tmp_path: Path) -> None:
    make_store(path, "old")
    with open_store(Path(shutil.copy(path, tmp_path / "copy.lmdb"))) as store:
        assert pages_of(store) == bodies_of("old")


def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_store(path, "old")
    device = path.stat().st_dev
    line = f"36 35 {os.major(device)}:{os.minor(device)} / /mnt rw shared:1 - nfs4 server:/export rw\n"
    monkeypatch.setattr(datafile.Path, "read_text", lambda self, **options: line)
    with pytest.raises(EdgekitError, match=r"EK429.*nfs4"):
        open_store(path)


def test_a_commit_between_the_two_meta_pages_is_no_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_store(path, "old")
    read = datafile._read_meta
    commits = iter(range(3))

    def read_slowly(file: int, path: Path, number: int, offset: int) -> datafile.Meta:
        meta = read(file, path, number, offset)
        for commit in commits:
            with env.begin(write=True) as txn:
                txn.put(b"_", b"%d" % commit)
        return meta

    monkeypatch.setattr(datafile, "_read_meta", read_slowly)
    file = datafile.open_file(path)
    with lmdb.open(str(path), subdir=False) as env:
        before = env.info()["last_txnid"]
        assert datafile.read_metas(file, path)[0].transaction == before + 3
    os.close(file)

"""The walk before LMDB follows a page: no flipped bit ends a process, and no sound file is refused."""

import os
import random
import signal
import struct
from pathlib import Path

import lmdb
import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.datafile import read_metas
from edgekit.kv.pages import DamageError, check_pages
from edgekit.kv.store import open_store
from edgekit.kv.users import put_user
from edgekit.kv.verify import verify
from edgekit.model.keys import NAMESPACES
from tests.kv.children import run
from tests.kv.packs import build, make_store
from tests.scale import scaled

PAGE = 4096


def walk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        check_pages(file, read_metas(file, path)[0])
    finally:
        os.close(file)


def make_varied(path: Path, seed: int) -> Path:
    """A store with pages of every kind: branches, large values, long keys, lists of free pages."""
    choose = random.Random(seed)
    make_store(path, "old", "new")
    with open_store(path) as store:
        keys: list[bytes] = []
        for _ in range(6):
            with store.write() as txn:
                for _ in range(150):
                    keys.append(choose.randbytes(choose.choice([1, 16, 16, 16, 120, 511])))
                    txn.put(
                        "VALUES", keys[-1], choose.randbytes(choose.choice([0, 1, 30, 500, 2020, 3000, 4080, 20_000]))
                    )
                    txn.put("USER_SEGMENTS", f"u{choose.randrange(10**6)}", bytes(8) + b"{}" * choose.randrange(40))
            with store.write() as txn:
                for key in choose.sample(keys, len(keys) // 3):
                    txn.delete("VALUES", key)
    return path


def test_a_sound_file_passes(tmp_path: Path) -> None:
    for seed in range(scaled(12)):
        path = make_varied(tmp_path / f"{seed}.lmdb", seed)
        walk(path)


def test_a_value_that_became_shorter_keeps_its_pages(path: Path) -> None:
    """LMDB writes over a large value in place if it was written in the same transaction."""
    with open_store(path, create=True) as store, store.write() as txn:
        txn.put("USER_SEGMENTS", "u", b"x" * 12_000)
        txn.put("USER_SEGMENTS", "u", b"x" * 5_000)
    walk(path)


def flip(data: bytes, tree_pages: list[int], choose: random.Random) -> bytes:
    """One to three bits, most of them in headers and nodes of tree pages."""
    damaged = bytearray(data)
    for _ in range(choose.choice([1, 1, 3])):
        page = choose.choice(tree_pages) if choose.random() < 0.9 else choose.randrange(len(data) // PAGE)
        offset = choose.choice([choose.randrange(16), choose.randrange(16, 200), choose.randrange(PAGE)])
        damaged[page * PAGE + offset] ^= 1 << choose.randrange(8)
    return bytes(damaged)


def test_no_flipped_bit_ends_a_process(fast_folder: Path) -> None:
    """Reading everything, publishing and verifying end in order, or are refused in order."""
    data = make_varied(fast_folder / "base.lmdb", 1).read_bytes()
    pages = range(len(data) // PAGE)
    tree_pages = [page for page in pages if struct.unpack_from("=H", data, page * PAGE + 10)[0] in (1, 2)]
    choose = random.Random(2)
    path = fast_folder / "edge.lmdb"

    def work() -> None:
        signal.alarm(20)
        verify(path)
        try:
            with open_store(path) as store:
                with store.snapshot() as snapshot:
                    for namespace in NAMESPACES:
                        for key, _ in snapshot.scan(namespace):
                            snapshot.get(namespace, key)
                put_user(store, "u5", b"{}", 0, 0)
                build(store, "third")
                build(store, "fourth")
        except EdgekitError:
            pass

    for trial in range(scaled(250)):
        damaged = flip(data, tree_pages, choose)
        path.write_bytes(damaged)
        assert run(work) == 0, trial


LAYOUT = struct.Struct("=HHHH")


@pytest.mark.parametrize(
    ("offset", "bit", "why"),
    [
        (0, 0x80, "wrong header"),
        (10, 0x04, "wrong header"),
        (12, 0x02, "outside of it"),
        (13, 0x80, "wrong header"),
        (15, 0x80, "wrong header"),
        (16, 0x01, "outside of it"),
        (17, 0x80, "outside of it"),
    ],
)
def test_each_part_of_a_page_header_is_checked(tmp_path: Path, offset: int, bit: int, why: str) -> None:
    path = make_store(tmp_path / "edge.lmdb", "old", users=60)
    data = bytearray(path.read_bytes())
    root = _users_root(path)
    data[root * PAGE + offset] ^= bit
    path.write_bytes(data)
    with pytest.raises(DamageError, match=why):
        walk(path)


@pytest.mark.parametrize(("offset", "why"), [(1, "over its end"), (2, "over its end"), (4, "flags"), (7, "key of")])
def test_each_part_of_a_node_is_checked(tmp_path: Path, offset: int, why: str) -> None:
    path = make_store(tmp_path / "edge.lmdb", "old", users=60)
    data = bytearray(path.read_bytes())
    root = _users_root(path)
    (node,) = struct.unpack_from("=H", data, root * PAGE + 16)
    data[root * PAGE + node + offset] ^= 0x40
    path.write_bytes(data)
    with pytest.raises(DamageError, match=why):
        walk(path)


def _users_root(path: Path) -> int:
    data = path.read_bytes()
    place = data.rindex(b"USER_SEGMENTS", 0, len(data))
    # Newest copy of the main tree's page: its record of the database follows the name; the root is its last field.
    best = 0
    for start in range(len(data)):
        place = data.find(b"USER_SEGMENTS", start)
        if place < 0:
            break
        root = struct.unpack_from("=Q", data, place + 13 + 40)[0]
        if 2 <= root < len(data) // PAGE and struct.unpack_from("=QHH", data, root * PAGE)[::2] == (root, 2):
            best = root
            break
    return best


def test_a_free_page_in_use_is_found(path: Path) -> None:
    """The next write would take it: py-lmdb notices nothing."""
    make_store(path, "old")
    with lmdb.open(str(path), subdir=False, max_dbs=8) as env, env.begin(write=True) as txn:
        txn.put(b"x" * 16, b"y", db=env.open_db(b"VALUES", txn=txn))
    file = os.open(path, os.O_RDONLY)
    meta = read_metas(file, path)[0]
    os.close(file)
    data = bytearray(path.read_bytes())
    leaf = meta.free.root * PAGE
    (node,) = struct.unpack_from("=H", data, leaf + 16)
    _, _, _, key = LAYOUT.unpack_from(data, leaf + node)
    (count,) = struct.unpack_from("=Q", data, leaf + node + 8 + key)
    assert count > 0
    struct.pack_into("=Q", data, leaf + node + 8 + key + 8 * count, meta.main.root)
    path.write_bytes(data)
    with pytest.raises(EdgekitError, match="EK425"):
        open_store(path)

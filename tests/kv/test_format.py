"""What docs/store-format.md says of the file."""

import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import lmdb
import msgspec

from edgekit.kv.environment import MAX_READERS
from edgekit.kv.event import Event
from edgekit.kv.events import apply_event
from edgekit.kv.publish import publish
from edgekit.kv.segments import put_segment
from edgekit.kv.store import open_store
from edgekit.kv.users import delete_user
from edgekit.model.fragment import Cut
from edgekit.model.keys import NAMESPACES
from edgekit.project.basis import Basis
from tests.document import blocks
from tests.kv.packs import NOW, make_fragments, make_pack, make_store, release_of
from tests.replay.published import find_cuts
from tests.source import ROOT

DOCUMENT = (ROOT / "docs" / "store-format.md").read_text("utf-8")


def test_the_example_reads_a_page(path: Path) -> None:
    make_store(path, "old")
    (example,) = blocks(DOCUMENT, "python")
    done = subprocess.run(
        [sys.executable, "-c", example, path, "/p0:free"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"{release_of('old')} {make_fragments('old')[0].body.decode()}\n"


def test_the_file_holds_the_documented_databases_and_records(path: Path) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        publish(store, make_pack(make_fragments("old")), NOW, Basis("f1", (), (), (), None, (), 1, 2, 3))
        put_segment(store, "free", {"hero": "x"}, NOW)
        apply_event(store, "message", Event("u0", 5, None), NOW, lag=60)
    with lmdb.open(str(path), subdir=False, max_dbs=7, max_readers=MAX_READERS) as env, env.begin() as txn:
        assert sorted(bytes(key).decode() for key, _ in txn.cursor()) == sorted(NAMESPACES)
        own = env.open_db(b"_EDGEKIT", txn=txn, create=False)
        kinds = {bytes(key).decode().partition(":")[0] for key, _ in txn.cursor(own)}
    table = DOCUMENT.split("## `_EDGEKIT`")[1].split("\n## ")[0]
    assert kinds == {re.split(r"[:`]", row)[1] for row in table.splitlines() if row.startswith("| `")}
    assert all(f"| `{name}` |" in DOCUMENT for name in NAMESPACES)


def test_what_is_remembered_of_an_event_is_as_documented(path: Path) -> None:
    make_store(path, "old")
    message, user = (sha256(id).digest() for id in (b"message", b"u0"))
    with open_store(path) as store:
        with store.snapshot() as snapshot:
            before = snapshot.get("USER_SEGMENTS", "u0")
        apply_event(store, "other", Event("u1", 4, {}), NOW)
        apply_event(store, "message", Event("u0", 5, None), NOW, lag=60)
        with store.snapshot() as snapshot:
            expires, number = (int(NOW) + 86_400).to_bytes(8, "big"), (1).to_bytes(8, "big")
            assert snapshot.get("_EDGEKIT", "event:0000000000000001") == expires + message + user
            assert snapshot.get("_EDGEKIT", f"message:{message.hex()}") == number
            assert snapshot.get("_EDGEKIT", f"applied:{user.hex()}") == number + (5).to_bytes(8, "big")
            earlier = snapshot.get("_EDGEKIT", f"earlier:{user.hex()}")
            assert msgspec.msgpack.decode(earlier or b"") == [[NOW + 60, before]]
        delete_user(store, "u1", NOW)
        with store.snapshot() as snapshot:
            no_message = sha256(b"\xff" + (2).to_bytes(8, "big")).digest()
            assert snapshot.get("_EDGEKIT", "event:0000000000000002") == expires + no_message + sha256(b"u1").digest()


def test_the_documented_tokens_have_the_documented_cuts() -> None:
    table = DOCUMENT.split("## Fragments")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| ([^,]+), ([^|]+) \|", table, re.M)
    assert len(rows) == 5
    for token, *cut in rows:
        slot, encoding = ("" if cell == "empty" else cell.strip("`") for cell in cut)
        assert [Cut(0, len(token), slot, encoding)] == list(find_cuts(token.encode()))  # type: ignore[arg-type]

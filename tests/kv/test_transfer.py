"""A release as a file: what is exported is what is imported, and of anything else nothing is."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv import transfer
from edgekit.kv.publish import publish
from edgekit.kv.releases import list_releases, read_pack, rollback
from edgekit.kv.segments import get_segment, put_segment
from edgekit.kv.staging import Stager
from edgekit.kv.store import open_store
from edgekit.kv.transfer import MAX_HEAD, Exported, export_release, import_release
from edgekit.kv.verify import verify
from edgekit.model.digest import digest
from edgekit.model.fragment import Fragment
from edgekit.model.keys import (
    ASSETS,
    EDGEKIT,
    PAGE_TPL,
    SEGMENT_CONFIG,
    STATIC_PAGES,
    USER_SEGMENTS,
    VALUES,
    index_key,
    trace_key,
)
from edgekit.model.manifest import IndexEntry, Ttl, build_pack, encode_index, encode_manifest
from tests.kv.kills import count_operations, kill
from tests.kv.packs import (
    NOW,
    bodies_of,
    build,
    check_release,
    make_fragments,
    make_pack,
    make_store,
    pages_of,
    records_of,
    release_and_users,
    release_of,
)
from tests.scale import scaled
from tests.source import ROOT


def exported(path: Path, release: str | None = None) -> bytes:
    written = io.BytesIO()
    with open_store(path) as store:
        done = export_release(store, release, written.write)
    assert done.bytes == len(written.getvalue())
    return written.getvalue()


def imported(path: Path, content: bytes, **options: Any) -> str:
    with open_store(path, create=True) as store:
        return import_release(store, io.BytesIO(content), file="r.edgekit", now=NOW, **options).release


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return exported(make_store(tmp_path_factory.mktemp("from") / "edge.lmdb", "new"))


def sized(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def written(fragments: list[Fragment], **manifest: Any) -> bytes:
    """A file as the documents describe it, each body of these in another place."""
    pack = make_pack([Fragment(f.namespace, f.key, f.body) for f in fragments], **manifest)
    bodies = {(f.namespace, f.key): f.body for f in fragments}
    parts = [encode_manifest(pack.manifest), encode_index(pack.index)]
    parts += [bodies[entry.namespace, entry.key] for entry in pack.index]
    return f"edgekit release 1 {pack.release}\n".encode() + b"".join(map(sized, parts))


def test_a_release_answers_the_same_in_another_store(tmp_path: Path) -> None:
    make_store(tmp_path / "from.lmdb", "old", "new")
    path = tmp_path / "to.lmdb"
    assert imported(path, exported(tmp_path / "from.lmdb")) == release_of("new")
    with open_store(path) as store:
        assert pages_of(store) == bodies_of("new")
        assert release_and_users(store) == (release_of("new"), [])
    assert verify(path) == ()


def test_a_file_is_what_the_document_says(content: bytes) -> None:
    same = {f.body: f for f in make_fragments("new")}
    assert len(same) == len(make_fragments("new"))
    assert content == written(make_fragments("new"))


def test_the_same_body_in_one_namespace_is_written_once(path: Path) -> None:
    body = b"<p>the same</p>"
    places = [(PAGE_TPL, "/a:free"), (PAGE_TPL, "/a:vip"), (STATIC_PAGES, "/b"), (STATIC_PAGES, "/c")]
    fragments = [Fragment(namespace, key, body) for namespace, key in places]  # type: ignore[arg-type]
    with open_store(path, create=True) as store:
        with Stager(store) as stager:
            for fragment in fragments:
                stager.add(fragment)
        publish(store, make_pack(fragments), NOW)
    content = exported(path)
    assert content.count(body) == 2
    other = path.with_name("other.lmdb")
    imported(other, content)
    assert verify(other) == ()
    with open_store(other) as store:
        assert set(pages_of(store).values()) == {body}


def test_an_earlier_release_is_exported_by_the_beginning_of_its_digest(path: Path) -> None:
    make_store(path, "old", "new")
    assert exported(path, release_of("old")[:6]) == exported(make_store(path.with_name("b.lmdb"), "old"))


@pytest.mark.parametrize("release", ["ffffffff", None])
def test_a_release_that_is_not_there_is_not_exported(path: Path, release: str | None) -> None:
    make_store(path, *(["old"] if release else []))
    with pytest.raises(EdgekitError, match="EK434"):
        exported(path, release)


@pytest.mark.parametrize("body", [None, b"other"])
def test_a_release_with_a_damaged_body_is_not_exported(path: Path, body: bytes | None) -> None:
    make_store(path, "new")
    name = make_fragments("new")[0].digest
    with open_store(path) as store, store.write() as txn:
        txn.delete(VALUES, name) if body is None else txn.put(VALUES, name, body)
    with pytest.raises(EdgekitError, match="EK433"):
        exported(path)


def test_a_release_that_no_import_would_take_is_not_exported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_store(path, "new")
    monkeypatch.setattr(transfer, "MAX_HEAD", 100)
    with pytest.raises(EdgekitError, match="EK448"):
        exported(path)


def test_importing_again_changes_nothing(path: Path, content: bytes) -> None:
    imported(path, content)
    before = records_of(path)
    imported(path, content)
    assert records_of(path) == before
    with open_store(path) as store:
        assert len(list_releases(store)) == 1


def test_a_release_that_the_store_built_keeps_its_traces_and_reads(path: Path, content: bytes) -> None:
    make_store(path, "new")
    before = records_of(path)
    imported(path, content)
    after = records_of(path)
    # A configuration is the same JSON, its fields in a manifest's order.
    assert {record for record in before.items() ^ after.items() if record[0][0] != SEGMENT_CONFIG} == set()
    with open_store(path) as store, store.snapshot() as snapshot:
        assert any(entry.trace for entry in read_pack(snapshot, release_of("new")).index)


def test_a_damaged_release_is_healed_by_importing_it(path: Path, content: bytes) -> None:
    make_store(path, "new")
    with open_store(path) as store, store.write() as txn:
        txn.put(EDGEKIT, index_key(release_of("new")), b"{")
        txn.put(VALUES, make_fragments("new")[0].digest, b"damaged")
    imported(path, content)
    assert verify(path) == ()


def test_users_and_live_edits_stay_and_the_file_wins_where_it_changed(path: Path) -> None:
    tiers = {"free": {"hero": "new.jpg", "stars": 1}, "vip": {"hero": "vip.jpg", "discount": 0.2, "stars": 5}}
    make_store(path, "old")
    with open_store(path) as store:
        put_segment(store, "free", {"hero": "live.jpg", "stars": "4"}, NOW)
        put_segment(store, "vip", {"hero": "live.jpg"}, NOW)
    imported(path, written(make_fragments("new"), segments=tiers))
    with open_store(path) as store:
        assert get_segment(store, "free").config == {"hero": "new.jpg", "stars": 4}
        assert get_segment(store, "vip").config["hero"] == "live.jpg"
        assert release_and_users(store)[1] == [b"u0", b"u1"]
        rollback(store, None, NOW)
        assert pages_of(store) == bodies_of("new", "old")
    assert verify(path) == ()


def test_who_checks_may_refuse_before_bodies_are_read(path: Path, content: bytes) -> None:
    make_store(path, "old")
    before = records_of(path)

    def refuse(pack: object) -> None:
        raise ValueError

    with pytest.raises(ValueError):
        imported(path, content, check=refuse)
    assert records_of(path) == before


def broken(path: Path, content: bytes) -> None:
    """It is refused, and the store answers as before."""
    make_store(path, "old")
    with open_store(path) as store:
        before = pages_of(store)
    with pytest.raises(EdgekitError, match=r"EK448|EK420") as caught:
        imported(path, content)
    assert caught.value.status == 2
    with open_store(path) as store:
        assert pages_of(store) == before
        assert [entry.release for entry in list_releases(store)] == [release_of("old")]
    assert verify(path) == ()


def test_a_file_that_is_cut_off_anywhere_is_refused(path: Path, content: bytes) -> None:
    make_store(path, "old")
    before = records_of(path).keys()
    heads = 51 + 4 + len(encode_manifest(make_pack(make_fragments("new")).manifest))
    for length in [*range(60), heads - 1, heads, heads + 3, heads + 4, heads + 500, len(content) - 1]:
        with pytest.raises(EdgekitError, match="EK448"):
            imported(path, content[:length])
    with open_store(path) as store:
        assert pages_of(store) == bodies_of("old")
    assert records_of(path).keys() >= before


def test_a_flipped_bit_anywhere_is_refused(path: Path, content: bytes) -> None:
    make_store(path, "old")

    @settings(max_examples=scaled(60))
    @given(st.integers(0, 8 * len(content) - 1))
    def flip(bit: int) -> None:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(EdgekitError, match=r"EK448|EK420"):
            imported(path, bytes(flipped))
        with open_store(path) as store:
            assert pages_of(store) == bodies_of("old")

    flip()


def forged(entries: list[IndexEntry], bodies: list[bytes] | None = None, order: bool = True) -> bytes:
    """Whoever writes a file can write its digest, too."""
    pack = build_pack(make_pack(make_fragments("new")).manifest, entries)
    index = encode_index(pack.index if order else tuple(entries))
    return f"edgekit release 1 {pack.release}\n".encode() + b"".join(
        map(sized, [encode_manifest(pack.manifest), index, *(bodies or [])])
    )


BODY = b"<p>body</p>"
NAME = digest(BODY).hex()
PAGE = IndexEntry(STATIC_PAGES, "/a", NAME)

FORGED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "other": lambda content: b"PK\x03\x04" * 100,
    "newer": lambda content: content.replace(b"release 1 ", b"release 2 ", 1),
    "longer": lambda content: content + b"\0",
    "huge manifest": lambda content: content[:51] + b"\xff\xff\xff\xff" + content[55:],
    "manifest over the limit": lambda content: content[:51] + (MAX_HEAD + 1).to_bytes(4, "big") + content[55:],
    "no manifest": lambda content: content[:51] + sized(b"[]") + sized(b"[]"),
    "deep manifest": lambda content: content[:51] + sized(b'{"segments":{"a":' + b"[" * 100_000) + sized(b"[]"),
    "other digest": lambda content: content.replace(release_of("new").encode(), b"0" * 32, 1),
    "huge body": lambda content: forged([PAGE]) + (25 * 1024 * 1024 + 1).to_bytes(4, "big"),
    "another namespace": lambda content: forged([IndexEntry(USER_SEGMENTS, "u1", NAME)], [BODY]),
    "own namespace": lambda content: forged([IndexEntry(EDGEKIT, "current", NAME)], [BODY]),
    "no digest": lambda content: forged([IndexEntry(ASSETS, "/a", "zz")], [BODY]),
    "path as digest": lambda content: forged([IndexEntry(ASSETS, "/a", "../" + NAME[3:])], [BODY]),
    "a trace": lambda content: forged([IndexEntry(STATIC_PAGES, "/a", NAME, NAME)], [BODY]),
    "one key twice": lambda content: forged([PAGE, PAGE], [BODY]),
    "no order": lambda content: forged([PAGE, IndexEntry(ASSETS, "/a", NAME)], [BODY, BODY], order=False),
    "empty key": lambda content: forged([IndexEntry(ASSETS, "", NAME)], [BODY]),
    "long key": lambda content: forged([IndexEntry(ASSETS, "x" * 512, NAME)], [BODY]),
    "undeclared slot": lambda content: written([Fragment(PAGE_TPL, "/:free", b"{UNDECLARED}")]),
    "open choice": lambda content: written([Fragment(PAGE_TPL, "/:free", b"{/USER_NAME}")]),
    "no default tier": lambda content: written(make_fragments("new"), default_tier="gone"),
    "endless": lambda content: written(make_fragments("new"), ttl=Ttl(segment=2**62)),
    "ended": lambda content: written(make_fragments("new"), ttl=Ttl(user=-1)),
    "newer manifest": lambda content: written(make_fragments("new"), format=2),
    "second header": lambda content: written(make_fragments("new"), headers={"/*": {"x-a": "1\r\nset-cookie: a=b"}}),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_file_is_refused(path: Path, content: bytes, what: str) -> None:
    broken(path, FORGED[what](content))


def test_a_configuration_that_no_store_takes_is_refused(path: Path) -> None:
    make_store(path, "old")
    content = written(make_fragments("new"), segments={"free": {"hero": "x" * 20_000}})
    with pytest.raises(EdgekitError, match="EK422"):
        imported(path, content)
    with open_store(path) as store:
        assert pages_of(store) == bodies_of("old")
    assert verify(path) == ()


def test_an_import_that_is_killed_leaves_one_release(fast_folder: Path, content: bytes) -> None:
    base = make_store(fast_folder / "base.lmdb", "old")
    path = fast_folder / "edge.lmdb"
    shutil.copy(base, path)
    operations = count_operations(lambda: imported(path, content))
    seen = []
    for number in range(operations):
        shutil.copy(base, path)
        kill(lambda: imported(path, content), "after", number)
        seen.append(check_release(path))
    assert seen == ["old"] * (operations - 1) + ["new"]


_FLAT = """
import sys, tracemalloc
from pathlib import Path
from edgekit.kv.store import open_store
from edgekit.kv.transfer import export_release, import_release
tracemalloc.start()
with open_store(Path(sys.argv[2]), create=True) as store:
    if sys.argv[1] == "export":
        with open(1, "wb") as stdout:  # not the one of `sys`, which may take a part only of what is written
            export_release(store, None, stdout.write)
    else:
        import_release(store, sys.stdin.buffer, file="-", now=1.0)
print(tracemalloc.get_traced_memory()[1], file=sys.stderr)
"""


def test_a_large_release_goes_through_a_pipe_in_little_memory(fast_folder: Path) -> None:
    size, count = 1024 * 1024, scaled(40)
    path, other = fast_folder / "from.lmdb", fast_folder / "to.lmdb"
    block = os.urandom(size)
    fragments = [Fragment(ASSETS, f"/static/{n}.bin", n.to_bytes(4, "big") + block) for n in range(count)]
    with open_store(path, create=True) as store:
        with Stager(store) as stager:
            for fragment in fragments:
                stager.add(fragment)
        publish(store, make_pack(fragments), NOW)
    del fragments
    command = [sys.executable, "-c", _FLAT]
    with subprocess.Popen([*command, "export", path], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as out:
        done = subprocess.run(
            [*command, "import", other], cwd=ROOT, stdin=out.stdout, capture_output=True, check=False, timeout=120
        )
        assert out.stdout is not None
        assert out.stderr is not None
        out.stdout.close()  # or one whose import has failed would write on
        said = [out.stderr.read(), done.stderr]
    assert (out.returncode, done.returncode) == (0, 0), said
    # A batch of bodies, and another on its way; never the release.
    assert max(map(int, said)) < 24 * size
    assert verify(other) == ()
    with open_store(path) as one, open_store(other) as two:
        assert release_and_users(one) == release_and_users(two)


def test_the_index_of_a_file_names_no_trace(content: bytes) -> None:
    start = 55 + int.from_bytes(content[51:55], "big")
    index = msgspec.json.decode(content[start + 4 : start + 4 + int.from_bytes(content[start : start + 4], "big")])
    assert {entry[3] for entry in index} == {""}
    assert trace_key("").encode() not in content


def test_what_was_exported_is_counted(path: Path) -> None:
    make_store(path, "new")
    told: list[tuple[int, int]] = []
    with open_store(path) as store:
        done = export_release(store, None, lambda piece: None, lambda done, total: told.append((done, total)))
    assert done == Exported(release_of("new"), 9, len(exported(path)))
    assert told[-1] == (9, 9)
    build_again = []
    with open_store(path) as store:
        build(store, "new")
        export_release(store, None, build_again.append)
    assert b"".join(build_again) == exported(path)

"""Pruning: what no kept release needs goes, whatever kills it; all else stays."""

import shutil
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv import prune as pruning
from edgekit.kv.lock import build_lock
from edgekit.kv.prune import Pruned, prune
from edgekit.kv.publish import publish
from edgekit.kv.releases import list_releases, rollback
from edgekit.kv.segments import get_segment, put_segment
from edgekit.kv.staging import Stager
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.transaction import WriteTransaction
from edgekit.kv.verify import verify
from edgekit.model.digest import digest
from edgekit.model.fragment import Fragment, encode_cuts
from edgekit.model.keys import ASSETS, EDGEKIT, PAGE_TPL, VALUES, index_key
from tests.kv.children import holding_snapshot, run
from tests.kv.kills import MOMENTS, Moment, count_operations, kill
from tests.kv.packs import (
    NOW,
    bodies_of,
    build,
    make_fragments,
    make_pack,
    make_store,
    pages_of,
    records_of,
    release_and_users,
    release_of,
)


def versions(store: LmdbStore) -> list[str]:
    names = {release_of(version): version for version in ("one", "two", "three", "four")}
    return [names[entry.release] for entry in list_releases(store)]


def test_what_is_left_is_what_a_store_of_the_kept_releases_holds(tmp_path: Path) -> None:
    path = make_store(tmp_path / "many.lmdb", "one", "two", "three", "four")
    with open_store(path) as store:
        prune(store, 2)
        assert versions(store) == ["four", "three"]
    assert records_of(path) == records_of(make_store(tmp_path / "few.lmdb", "three", "four"))
    assert verify(path) == ()


def test_what_went_is_counted(path: Path) -> None:
    make_store(path, "one", "two")
    own = [fragment for fragment in make_fragments("one") if fragment.key != "/about"]
    with open_store(path) as store:
        with store.snapshot() as snapshot:
            records = sum(
                len(value) for key, value in snapshot.scan(EDGEKIT) if key.endswith(b":" + release_of("one").encode())
            )
        told: list[tuple[int, int]] = []
        pruned = prune(store, 1, progress=lambda done, total: told.append((done, total)))
        size = sum(len(f.body) + (len(encode_cuts(f.cuts)) if f.namespace == PAGE_TPL else 0) for f in own)
        assert (pruned.releases, pruned.assets, pruned.bodies) == ((release_of("one"),), 1, 8)
        assert pruned.bytes >= size + records
        assert told[-1][0] == told[-1][1] >= 8
        assert prune(store, 1) == Pruned((), 0, 0, 0)


def test_a_dry_run_says_the_same_and_removes_nothing(path: Path) -> None:
    make_store(path, "one", "two", "three")
    before = records_of(path)
    with open_store(path) as store:
        said = prune(store, 1, dry_run=True)
        assert records_of(path) == before
        assert said == prune(store, 1)


def test_the_current_release_stays_however_old_it_is(path: Path) -> None:
    make_store(path, "one", "two", "three")
    with open_store(path) as store:
        rollback(store, release_of("one"), NOW)
        prune(store, 1)
        assert versions(store) == ["three", "one"]
        assert pages_of(store) == bodies_of("three", "one")
        rollback(store, release_of("three"), NOW)
        assert pages_of(store) == bodies_of("one", "three")
    assert verify(path) == ()


def test_users_and_live_edits_stay(path: Path) -> None:
    make_store(path, "one", "two")
    with open_store(path) as store:
        put_segment(store, "free", {"hero": "live.jpg"}, NOW)
        prune(store, 1)
        assert get_segment(store, "free").config["hero"] == "live.jpg"
        assert release_and_users(store)[1] == [b"u0", b"u1"]


def test_bodies_of_a_build_that_did_not_end_go(path: Path) -> None:
    make_store(path, "one")
    before = records_of(path)
    with open_store(path) as store:
        with Stager(store) as stager:
            for fragment in make_fragments("two"):
                stager.add(fragment)
        assert len(records_of(path)) > len(before)
        assert prune(store, 5).releases == ()
    assert records_of(path) == before


def test_every_record_that_belongs_to_a_release_goes_with_it(path: Path) -> None:
    """Also of a kind that another edgekit writes."""
    make_store(path, "one", "two")
    gone, kept = f"new-kind:{release_of('one')}", f"new-kind:{release_of('two')}"
    with open_store(path) as store:
        with store.write() as txn:
            txn.put(EDGEKIT, gone, b"1")
            txn.put(EDGEKIT, kept, b"2")
        prune(store, 1)
        with store.snapshot() as snapshot:
            assert (snapshot.get(EDGEKIT, gone), snapshot.get(EDGEKIT, kept)) == (None, b"2")


def test_a_body_that_is_no_fragment_any_more_loses_its_cuts(path: Path) -> None:
    body = b"<p>the same</p>"
    with open_store(path, create=True) as store:
        for namespace, key in ((PAGE_TPL, "/:free"), ("STATIC_PAGES", "/")):
            fragment = Fragment(namespace, key, body)  # type: ignore[arg-type]
            with Stager(store) as stager:
                stager.add(fragment)
            publish(store, make_pack([fragment]), NOW)
        prune(store, 1)
        with store.snapshot() as snapshot:
            assert snapshot.get(VALUES, digest(body)) == body
            assert list(snapshot.keys(EDGEKIT, b"cuts:")) == []
    assert verify(path) == ()


def test_a_kept_release_that_is_damaged_stops_it(path: Path) -> None:
    make_store(path, "one", "two", "three")
    with open_store(path) as store:
        with store.write() as txn:
            txn.put(EDGEKIT, index_key(release_of("two")), b"{")
        before = records_of(path)
        with pytest.raises(EdgekitError, match="EK433"):
            prune(store, 2)
        assert records_of(path) == before
        prune(store, 1)
    assert verify(path) == ()


def test_a_rollback_meanwhile_is_seen(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs no build lock, and may make a release current that was about to go."""
    make_store(path, "one", "two", "three")
    find = pruning._find_garbage
    pending = [release_of("one")]
    with open_store(path) as store:

        def find_then_roll_back(*arguments: object) -> object:
            found = find(*arguments)  # type: ignore[arg-type]
            if pending:
                rollback(store, pending.pop(), NOW)
            return found

        monkeypatch.setattr(pruning, "_find_garbage", find_then_roll_back)
        assert prune(store, 1).releases == (release_of("two"),)
        assert pages_of(store) == bodies_of("three", "one")
    assert verify(path) == ()


def test_a_running_reader_keeps_its_snapshot(path: Path) -> None:
    make_store(path, "one", "two")

    def work() -> None:
        with open_store(path) as store:
            build(store, "three")
            prune(store, 1)
            for version in ("four", "one", "two", "three"):
                build(store, version)

    with holding_snapshot(path, bodies_of("one", "two")):
        assert run(work) == 0


def prune_in_small_steps(path: Path) -> None:
    pruning.BATCH = 5  # type: ignore[misc]
    with build_lock(path), open_store(path) as store:
        prune(store, 1)


@pytest.mark.parametrize("moment", MOMENTS)
def test_one_that_is_killed_leaves_a_sound_store(fast_folder: Path, moment: Moment) -> None:
    base = make_store(fast_folder / "base.lmdb", "one", "two", "three")
    kept = bodies_of("three")
    path = fast_folder / "edge.lmdb"
    shutil.copy(base, path)
    operations = count_operations(lambda: prune_in_small_steps(path))
    assert operations > 40
    seen = set()
    for number in range(operations):
        shutil.copy(base, path)
        kill(lambda: prune_in_small_steps(path), moment, number)
        assert verify(path) == ()
        with open_store(path) as store:
            assert release_and_users(store) == (release_of("three"), [b"u0", b"u1"])
            assert pages_of(store).items() >= kept.items()
            seen.add(tuple(versions(store)))
            prune(store, 1)
            assert pages_of(store) == kept
            with store.snapshot() as snapshot:
                assert snapshot.count(VALUES) == len({f.digest for f in make_fragments("three")})
                assert snapshot.count(ASSETS) == 1
    assert seen == {("three", "two", "one"), ("three",)}


def test_no_transaction_deletes_more_than_a_batch(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_store(path, "one", "two")
    monkeypatch.setattr(pruning, "BATCH", 3)
    deleted: list[int] = []
    delete, commit = WriteTransaction.delete, WriteTransaction.commit
    counts = [0]

    def counting(self: WriteTransaction, *record: object) -> bool:
        counts[0] += record[0] == VALUES
        return delete(self, *record)  # type: ignore[arg-type]

    def committing(self: WriteTransaction) -> None:
        deleted.append(counts[0])
        counts[0] = 0
        commit(self)

    monkeypatch.setattr(WriteTransaction, "delete", counting)
    monkeypatch.setattr(WriteTransaction, "commit", committing)
    with open_store(path) as store:
        prune(store, 1)
    assert sum(deleted) == 8
    assert max(deleted) == 3

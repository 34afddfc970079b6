"""Kept releases: listed, and made current again."""

from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.releases import Release, current_manifest, find_release, list_releases, rollback
from edgekit.kv.segments import get_segment, put_segment
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.verify import verify
from edgekit.model.keys import EDGEKIT, index_key, manifest_key, published_key
from tests.kv.packs import NOW, bodies_of, build, make_store, pages_of, release_and_users, release_of


def current(store: LmdbStore) -> str | None:
    return release_and_users(store)[0]


def test_releases_are_listed_the_last_published_first(path: Path) -> None:
    with open_store(path, create=True) as store:
        assert list_releases(store) == []
        for number, version in enumerate(["one", "two", "one"]):
            # The clock goes back: the order holds.
            build(store, version, NOW - number)
        assert list_releases(store) == [
            Release(release_of("one"), NOW - 2, True, 5),
            Release(release_of("two"), NOW - 1, False, 5),
        ]


def test_the_pages_of_a_damaged_release_are_not_counted(path: Path) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        with store.write() as txn:
            txn.put(EDGEKIT, manifest_key(release_of("old")), b"{")
        assert [entry.pages for entry in list_releases(store)] == [None]


def test_a_store_without_a_release_has_no_manifest(path: Path) -> None:
    with open_store(path, create=True) as store, store.snapshot() as snapshot:
        assert current_manifest(snapshot) is None


def test_a_rollback_brings_back_the_pages_and_keeps_users_and_assets(path: Path) -> None:
    make_store(path, "old", "new")
    with open_store(path) as store:
        done = rollback(store, None, NOW)
        assert (done.release, done.previous) == (release_of("old"), release_of("new"))
        assert pages_of(store) == bodies_of("new", "old")
        assert release_and_users(store) == (release_of("old"), [b"u0", b"u1"])
        rollback(store, release_of("new")[:4], NOW)
        assert pages_of(store) == bodies_of("old", "new")
    assert verify(path) == ()


def test_rollbacks_go_back_step_by_step(path: Path) -> None:
    with open_store(path, create=True) as store:
        for version in ("one", "two", "three"):
            build(store, version)
        for version in ("two", "one"):
            rollback(store, None, NOW)
            assert current(store) == release_of(version)
        with pytest.raises(EdgekitError, match="EK434") as caught:
            rollback(store, None, NOW)
        assert caught.value.status == 1
        assert current(store) == release_of("one")


def test_a_rollback_keeps_live_edits(path: Path) -> None:
    with open_store(path, create=True) as store:
        build(store, "old", segments={"free": {"hero": "old.jpg", "stars": 1}})
        build(store, "new", segments={"free": {"hero": "new.jpg", "stars": 1}})
        put_segment(store, "free", {"hero": "live.jpg"}, NOW)
        rollback(store, None, NOW)
        assert get_segment(store, "free").config == {"hero": "live.jpg", "stars": 1}
        build(store, "new", segments={"free": {"hero": "new.jpg", "stars": 1}})
        assert get_segment(store, "free").config == {"hero": "live.jpg", "stars": 1}


def test_a_rollback_renews_the_configurations(path: Path) -> None:
    make_store(path, "old", "new")
    with open_store(path) as store:
        rollback(store, None, NOW + 50)
        assert get_segment(store, "vip").expires == NOW + 3650


def test_a_beginning_of_four_digits_names_a_release() -> None:
    kept = ["abcd0000", "abcd1111", "ffff0000"]
    assert [find_release(kept, name) for name in ("ffff", "FFFF0", "abcd0", "abcd1111")] == [
        "ffff0000",
        "ffff0000",
        "abcd0000",
        "abcd1111",
    ]


@pytest.mark.parametrize(("name", "status"), [("abcd", 2), ("fff", 2), ("", 2), ("1234", 1), ("abcd2", 1)])
def test_what_names_no_single_release_is_refused(name: str, status: int) -> None:
    with pytest.raises(EdgekitError, match="EK434") as caught:
        find_release(["abcd0000", "abcd1111", "ffff0000"], name)
    assert caught.value.status == status


@pytest.mark.parametrize("key", [manifest_key, index_key, published_key])
@pytest.mark.parametrize("raw", [b"", b"{", b"[]x", b'"\xff"'])
def test_a_damaged_release_is_told_and_healed_by_a_build(path: Path, key: object, raw: bytes) -> None:
    make_store(path, "old", "new")
    with open_store(path) as store:
        with store.write() as txn:
            txn.put(EDGEKIT, key(release_of("old")), raw)  # type: ignore[operator]
        with pytest.raises(EdgekitError, match="EK433"):
            rollback(store, release_of("old"), NOW)
        assert current(store) == release_of("new")
        assert {found.code for found in verify(path)} == {"EK445"}

"""Staging and publishing: what is written, what is left alone, and what is refused."""

from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv import staging
from edgekit.kv.limits import MAX_BODY
from edgekit.kv.publish import Removal, count_removed_pages, publish
from edgekit.kv.releases import current_manifest, current_reads, current_release
from edgekit.kv.staging import Stager
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.switch import Changes
from edgekit.kv.verify import verify
from edgekit.model.expiry import unseal
from edgekit.model.fragment import Fragment, decode_cuts, decode_trace
from edgekit.model.keys import EDGEKIT, PAGE_TPL, STATIC_PAGES, VALUES, cuts_key, trace_key
from edgekit.model.manifest import IndexEntry, Ttl
from tests.kv.packs import (
    NOW,
    TIERS,
    bodies_of,
    build,
    make_fragments,
    make_pack,
    make_store,
    pages_of,
    release_and_users,
    release_of,
)


def version_of(store: LmdbStore) -> int:
    with store.snapshot() as snapshot:
        return snapshot.version


def test_a_store_holds_what_was_published(path: Path) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        assert pages_of(store) == bodies_of("old")
        assert release_and_users(store) == (release_of("old"), [b"u0", b"u1"])
        fragments = make_fragments("old")
        with store.snapshot() as snapshot:
            assert current_manifest(snapshot) == make_pack(fragments).manifest
            assert current_reads(snapshot) == make_pack(fragments).reads
            for fragment in fragments:
                if fragment.namespace == PAGE_TPL:
                    raw = snapshot.get(EDGEKIT, cuts_key(fragment.digest.hex()))
                    assert raw is not None
                    assert decode_cuts(raw) == fragment.cuts
            traces = {entry.trace for entry in make_pack(fragments).index if entry.trace}
            assert {decode_trace(snapshot.get(EDGEKIT, trace_key(name)) or b"") for name in traces} == {
                fragment.trace for fragment in fragments if fragment.trace
            }


def test_the_difference_to_the_release_before_is_counted(path: Path) -> None:
    with open_store(path, create=True) as store:
        first = build(store, "old")
        assert first.previous is None
        assert first.changes == {"ASSETS": Changes(added=1), "PAGE_TPL": Changes(added=6), "STATIC_PAGES": Changes(2)}
        second = build(store, "new")
        assert (second.release, second.previous) == (release_of("new"), release_of("old"))
        assert second.changes == {
            "ASSETS": Changes(added=1),
            "PAGE_TPL": Changes(changed=6),
            "STATIC_PAGES": Changes(added=1, removed=1),
        }
        assert pages_of(store) == bodies_of("old", "new")
        assert set(build(store, "new").changes.values()) == {Changes()}


def test_an_identical_release_renews_its_configurations(path: Path) -> None:
    with open_store(path, create=True) as store:
        build(store, "old")
        build(store, "old", NOW + 100)
        with store.snapshot() as snapshot:
            assert unseal(snapshot.get("SEGMENT_CONFIG", "free") or b"")[0] == NOW + 3700


def test_a_ttl_of_0_is_for_ever(path: Path) -> None:
    with open_store(path, create=True) as store:
        build(store, "old", ttl=Ttl(segment=0))
        with store.snapshot() as snapshot:
            assert unseal(snapshot.get("SEGMENT_CONFIG", "free") or b"")[0] == 0


def test_a_tier_that_is_gone_goes(path: Path) -> None:
    with open_store(path, create=True) as store:
        build(store, "old")
        build(store, "old", segments={"free": TIERS["free"]})
        with store.snapshot() as snapshot:
            assert [key for key, _ in snapshot.scan("SEGMENT_CONFIG")] == [b"free"]


def test_a_release_without_all_its_bodies_is_not_published(path: Path) -> None:
    make_store(path, "old")
    fragments = make_fragments("new")
    with open_store(path) as store:
        with Stager(store) as stager:
            for fragment in fragments[1:]:
                stager.add(fragment)
        with pytest.raises(EdgekitError, match=r"EK432.*`/p0:free`"):
            publish(store, make_pack(fragments), NOW)
        assert pages_of(store) == bodies_of("old")
    assert verify(path) == ()


def test_a_release_without_its_cuts_or_traces_is_not_published(path: Path) -> None:
    make_store(path, "old")
    body = b"{USER_NAME}"
    with open_store(path) as store:
        with Stager(store) as stager:
            stager.add(Fragment(STATIC_PAGES, "/x", body))
        name = Fragment(PAGE_TPL, "/x:free", body).digest.hex()
        for entry in (IndexEntry(PAGE_TPL, "/x:free", name), IndexEntry(STATIC_PAGES, "/x", name, "00" * 16)):
            pack = make_pack([])
            with pytest.raises(EdgekitError, match="EK432"):
                publish(store, type(pack)(pack.manifest, (entry,), pack.release), NOW)


def test_staging_what_is_there_writes_nothing(path: Path) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        before = version_of(store)
        with Stager(store) as stager:
            for fragment in make_fragments("old"):
                stager.add(fragment)
        assert version_of(store) == before


def test_staging_heals_a_damaged_body(path: Path) -> None:
    make_store(path, "old")
    fragment = make_fragments("old")[0]
    with open_store(path) as store:
        with store.write() as txn:
            txn.put(VALUES, fragment.digest, fragment.body.replace(b"h1", b"h2"))
        assert [found.code for found in verify(path)] == ["EK442"]
        build(store, "old")
    assert verify(path) == ()


def test_publishing_heals_a_damaged_entry(path: Path) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        with store.write() as txn:
            txn.put(PAGE_TPL, "/p0:free", bytes(24))
        assert build(store, "old").changes["PAGE_TPL"] == Changes(changed=1)
        assert pages_of(store) == bodies_of("old")


def stage_and_fail(store: LmdbStore) -> None:
    with Stager(store) as stager:
        stager.add(make_fragments("old")[0])
        raise KeyError


def test_staging_that_fails_leaves_nothing_behind(path: Path) -> None:
    with open_store(path, create=True) as store:
        before = version_of(store)
        with pytest.raises(KeyError):
            stage_and_fail(store)
        assert version_of(store) == before


def test_bodies_are_staged_in_batches(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "BATCH_BYTES", 1000)
    with open_store(path, create=True) as store:
        before = version_of(store)
        with Stager(store) as stager:
            for number in range(10):
                stager.add(Fragment(STATIC_PAGES, f"/{number}", b"%d" % number * 400))
            stager.add(Fragment(STATIC_PAGES, "/large", b"x" * 5000))
        # Two bodies of 400 bytes a transaction, and the large one alone.
        assert version_of(store) - before == 6
        with store.snapshot() as snapshot:
            assert snapshot.count(VALUES) == 11


def test_equal_bodies_are_stored_once(path: Path) -> None:
    with open_store(path, create=True) as store:
        with Stager(store) as stager:
            for number in range(10):
                stager.add(Fragment(STATIC_PAGES, f"/{number}", b"the same"))
        with store.snapshot() as snapshot:
            assert snapshot.count(VALUES) == 1


@pytest.mark.parametrize(
    ("key", "body", "code"),
    [
        ("", b"", "EK420"),
        ("/" + "x" * 511, b"", "EK420"),
        ("/\ud800", b"", "EK420"),
        ("/large", bytes(MAX_BODY + 1), "EK421"),
    ],
)
def test_what_no_store_takes_is_refused(path: Path, key: str, body: bytes, code: str) -> None:
    with open_store(path, create=True) as store, pytest.raises(EdgekitError, match=code):
        Stager(store).add(Fragment(STATIC_PAGES, key, body))


def test_the_largest_body_and_key_are_taken(path: Path) -> None:
    with open_store(path, create=True) as store:
        with Stager(store) as stager:
            stager.add(Fragment(STATIC_PAGES, "/" + "x" * 510, bytes(MAX_BODY)))
        fragments = [Fragment(STATIC_PAGES, "/" + "x" * 510, bytes(MAX_BODY))]
        publish(store, make_pack(fragments), NOW)
    assert verify(path) == ()


def test_a_configuration_that_is_too_large_is_refused(path: Path) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        with pytest.raises(EdgekitError, match=r"EK422.*tier `free`"):
            build(store, "new", segments={"free": {"text": "x" * 20_000}})
        with store.snapshot() as snapshot:
            assert current_release(snapshot) == release_of("old")


def test_pages_that_a_publish_would_remove_are_counted(path: Path) -> None:
    with open_store(path, create=True) as store:
        pack = make_pack(make_fragments("new", pages=1))
        assert count_removed_pages(store, pack).share == 0
        build(store, "old")
        # /p0, /p1, /p2, /about and /old; /p1, /p2 and /old go.
        assert count_removed_pages(store, pack) == Removal(5, 3)
        assert count_removed_pages(store, pack).share == 0.6

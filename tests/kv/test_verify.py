"""Verify: whatever was damaged is found."""

import random
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.publish import publish
from edgekit.kv.segments import put_segment
from edgekit.kv.staging import Stager
from edgekit.kv.store import open_store
from edgekit.kv.verify import MAX_FINDINGS, verify
from edgekit.model.digest import digest
from edgekit.model.fragment import Cut, Fragment, encode_cuts
from edgekit.model.keys import (
    ASSETS,
    CURRENT,
    EDGEKIT,
    PAGE_TPL,
    SEGMENT_CONFIG,
    USER_SEGMENTS,
    VALUES,
    Namespace,
    cuts_key,
    index_key,
    page_key,
    reads_key,
    trace_key,
)
from edgekit.model.slot import Slot
from tests.kv.packs import NOW, make_fragments, make_pack, make_store, release_of
from tests.replay.published import find_cuts
from tests.scale import scaled

FRAGMENT = make_fragments("new")[0]
INDEX = make_pack(make_fragments("new")).index


def test_a_sound_store_has_no_findings(path: Path) -> None:
    make_store(path, "old", "new", "old", users=100)
    with open_store(path) as store:
        put_segment(store, "free", {"hero": "x"}, NOW)
    told: list[tuple[int, int]] = []
    assert verify(path, lambda done, total: told.append((done, total))) == ()
    assert told[-1][0] == told[-1][1] > 100


def test_an_empty_store_has_no_findings(path: Path) -> None:
    make_store(path, users=0)
    assert verify(path) == ()


@pytest.mark.parametrize(
    ("namespace", "key", "value", "code"),
    [
        (VALUES, FRAGMENT.digest, FRAGMENT.body[:-1], "EK442"),
        (VALUES, FRAGMENT.digest, b"", "EK442"),
        (VALUES, b"key", b"body", "EK442"),
        (VALUES, FRAGMENT.digest, None, "EK444"),
        (PAGE_TPL, FRAGMENT.key, None, "EK443"),
        (PAGE_TPL, FRAGMENT.key, bytes(24), "EK443"),
        (PAGE_TPL, "/more:free", bytes(24), "EK443"),
        (ASSETS, "/static/old.css", bytes(24), "EK443"),
        (ASSETS, "/static/more.css", bytes(24), "EK443"),
        (EDGEKIT, cuts_key(FRAGMENT.digest.hex()), None, "EK443"),
        (EDGEKIT, cuts_key(FRAGMENT.digest.hex()), encode_cuts(()), "EK444"),
        (EDGEKIT, cuts_key(FRAGMENT.digest.hex()), encode_cuts((Cut(0, 4, "USER_NAME", ""),)), "EK444"),
        (EDGEKIT, cuts_key(FRAGMENT.digest.hex()), b"\xc1", "EK446"),
        (EDGEKIT, cuts_key("no digest"), encode_cuts(()), "EK446"),
        (EDGEKIT, trace_key(INDEX[1].trace), None, "EK443"),
        (EDGEKIT, trace_key(INDEX[1].trace), b"\xc1", "EK446"),
        (EDGEKIT, index_key(release_of("new")), b"[]", "EK445"),
        (EDGEKIT, index_key(release_of("old")), None, "EK445"),
        (EDGEKIT, CURRENT, b"00" * 16, "EK445"),
        (EDGEKIT, reads_key(release_of("new")), b"{}", "EK446"),
        (EDGEKIT, "unknown", b"", "EK446"),
        (SEGMENT_CONFIG, "free", None, "EK443"),
        (SEGMENT_CONFIG, "free", b"{}", "EK446"),
        (USER_SEGMENTS, "u1", b"{}", "EK446"),
        (USER_SEGMENTS, b"\xff", bytes(8) + b"{}", "EK446"),
    ],
)
def test_what_does_not_fit_is_found(
    path: Path, namespace: Namespace, key: str | bytes, value: bytes | None, code: str
) -> None:
    make_store(path, "old", "new")
    with open_store(path) as store, store.write() as txn:
        if value is None:
            assert txn.delete(namespace, key)
        else:
            txn.put(namespace, key, value)
    assert code in {found.code for found in verify(path)}


STATE = Slot(name="STATE", source="user.state", default="guest", choices=("guest", "member"))


def publish_fragment(path: Path, body: bytes) -> None:
    """A release with one fragment, its cuts found by the grammar."""
    fragment = Fragment(PAGE_TPL, page_key("/", "free"), body, find_cuts(body))
    with open_store(path, create=True) as store:
        with Stager(store) as stager:
            stager.add(fragment)
        publish(store, make_pack([fragment], slots={"STATE": STATE}), NOW)


def test_a_fragment_with_alternatives_has_no_findings(path: Path) -> None:
    publish_fragment(path, b"{_}x}{?STATE=guest}Log in{?STATE=member}Hello {STATE:json}{/STATE}")
    assert verify(path) == ()


@pytest.mark.parametrize(
    "body",
    [
        b"{?STATE=guest}Log in{/STATE}",
        b"{?STATE=member}Hello{?STATE=guest}Log in{/STATE}",
        b"{?STATE=guest}Log in{?STATE=member}Hello",
        b"{/STATE}",
        b"{USER_NAME}",
    ],
)
def test_a_fragment_that_cannot_be_filled_is_found(path: Path, body: bytes) -> None:
    publish_fragment(path, body)
    (found,) = verify(path)
    assert (found.code, found.message[:12]) == ("EK444", "`/:free` of ")


def test_a_cut_that_calls_an_end_a_placeholder_is_found(path: Path) -> None:
    body = b"{?STATE=guest}Log in{?STATE=member}Hello{/STATE}"
    publish_fragment(path, body)
    cuts = (*find_cuts(body)[:-1], Cut(40, 48, "STATE", ""))
    with open_store(path) as store, store.write() as txn:
        txn.put(EDGEKIT, cuts_key(digest(body).hex()), encode_cuts(cuts))
    assert "EK444" in {found.code for found in verify(path)}


def test_findings_are_bounded(path: Path) -> None:
    make_store(path, "old")
    with open_store(path) as store, store.write() as txn:
        for number in range(2 * MAX_FINDINGS):
            txn.put(USER_SEGMENTS, f"bad{number}", b"")
    assert len(verify(path)) == MAX_FINDINGS


def test_a_flipped_bit_of_a_body_is_always_found(path: Path) -> None:
    """Of any body, at any place: the first, the last, one that fills pages of its own."""
    make_store(path, "old")
    data = path.read_bytes()
    bodies = [fragment.body for fragment in make_fragments("old")]
    choose = random.Random(4)
    for _ in range(scaled(100)):
        body = choose.choice(bodies)
        place = choose.choice([0, len(body) - 1, choose.randrange(len(body))])
        flipped = body[:place] + bytes([body[place] ^ 1 << choose.randrange(8)]) + body[place + 1 :]
        # LMDB leaves old copies in the free space of pages: all are flipped.
        path.write_bytes(data.replace(body, flipped))
        assert "EK442" in {found.code for found in verify(path)}


def test_a_file_that_is_not_there_is_no_finding(path: Path) -> None:
    with pytest.raises(EdgekitError, match="EK423"):
        verify(path)

"""Users' records, one by one and as a whole."""

from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.limits import MAX_RECORD
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.users import User, UserStats, count_users, count_users_by, delete_user, export_users, get_user, put_user
from edgekit.model.keys import USER_SEGMENTS
from tests.kv.packs import NOW

DAMAGED = [
    b"",
    b"1234567",
    bytes(8),
    bytes(8) + b"[]",
    bytes(8) + b'{"a":1',
    bytes(8) + b"\xff",
    bytes(8) + b"[" * 9000,
]


def damage(store: LmdbStore, raw: bytes) -> None:
    with store.write() as txn:
        txn.put(USER_SEGMENTS, "bad", raw)


def test_a_user_is_kept_whole_without_the_id(path: Path) -> None:
    with open_store(path, create=True) as store:
        put_user(store, "Łukasz", '{"id":"Łukasz", "name":"O\'Brien 👋", "n":12345678901234567890}'.encode(), 77, 0)
        assert get_user(store, "Łukasz") == User("Łukasz", {"name": "O'Brien 👋", "n": 12345678901234567890}, 77)
        put_user(store, "Łukasz", b'{"tier":"vip"}', 0, 0)
        assert get_user(store, "Łukasz") == User("Łukasz", {"tier": "vip"}, 0)
        with store.snapshot() as snapshot:
            assert snapshot.get(USER_SEGMENTS, "Łukasz") == bytes(8) + b'{"tier":"vip"}'


def test_a_user_that_is_not_there_is_none(path: Path) -> None:
    with open_store(path, create=True) as store:
        assert [get_user(store, id) for id in ("u", "", "x" * 600)] == [None] * 3
        assert not delete_user(store, "u", 0)


def test_a_deleted_user_is_gone(path: Path) -> None:
    with open_store(path, create=True) as store:
        put_user(store, "u", b"{}", 0, 0)
        assert delete_user(store, "u", 0)
        assert get_user(store, "u") is None
        assert count_users(store) == 0


@pytest.mark.parametrize(
    ("id", "json", "code"),
    [
        ("u", b"[]", "EK436"),
        ("u", b"{", "EK436"),
        ("u", b'{"id":"other"}', "EK436"),
        ("u", b'{"a":"\xff"}', "EK436"),
        ("u", b'{"a":"\\ud800"}', "EK436"),
        ("u", b'{"a":NaN}', "EK436"),
        ("u", b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "EK436"),
        ("u", b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", "EK436"),
        ("u", b'{"a":"' + b"x" * MAX_RECORD + b'"}', "EK422"),
        ("", b"{}", "EK420"),
        ("x" * 512, b"{}", "EK420"),
        ("\ud800", b"{}", "EK420"),
    ],
)
def test_what_is_no_user_is_refused(path: Path, id: str, json: bytes, code: str) -> None:
    with open_store(path, create=True) as store:
        with pytest.raises(EdgekitError, match=code):
            put_user(store, id, json, 0, 0)
        assert count_users(store) == 0


def test_the_largest_record_is_taken(path: Path) -> None:
    with open_store(path, create=True) as store:
        put_user(store, "u", b'{"a":"' + b"x" * (MAX_RECORD - 8) + b'"}', 0, 0)
        assert count_users(store) == 1


@pytest.mark.parametrize("raw", DAMAGED)
def test_a_damaged_record_is_told(path: Path, raw: bytes) -> None:
    with open_store(path, create=True) as store:
        damage(store, raw)
        with pytest.raises(EdgekitError, match=r"EK435.*`bad`") as caught:
            get_user(store, "bad")
        assert caught.value.status == 1
        with pytest.raises(EdgekitError, match="EK435"):
            list(export_users(store, NOW))
        assert count_users_by(store, ["tier"], NOW).damaged == 1


def test_an_export_has_the_id_first_and_no_expired_users(path: Path) -> None:
    with open_store(path, create=True) as store:
        put_user(store, "b", b'{"tier":"vip","name":"Ada"}', 0, 0)
        put_user(store, "a", b"{}", int(NOW) + 1, 0)
        put_user(store, "expired", b"{}", int(NOW), 0)
        assert list(export_users(store, NOW)) == [b'{"id":"a"}\n', b'{"id":"b","tier":"vip","name":"Ada"}\n']


def test_users_are_counted_by_fields(path: Path) -> None:
    with open_store(path, create=True) as store:
        for number, json in enumerate([b'{"tier":"vip","n":1}', b'{"tier":"vip","n":1}', b'{"n":"1"}', b'{"n":[1]}']):
            put_user(store, str(number), json, 0, 0)
        put_user(store, "expired", b"{}", 1, 0)
        assert count_users_by(store, ["tier", "n"], NOW) == UserStats(
            5, 1, 0, {("vip", "1"): 2, (None, "1"): 1, (None, "[1]"): 1}
        )
        assert count_users_by(store, [], NOW).groups == {(): 4}

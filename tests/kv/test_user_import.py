"""Files of users: all of a file or none of it, or all but its bad lines."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.limits import MAX_RECORD
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.user_import import MAX_LINE, SHOWN, Imported, UserFormat, import_users
from edgekit.kv.users import count_users, export_users, get_user
from tests.kv.packs import NOW
from tests.scale import scaled


def load(store: LmdbStore, data: bytes, format: UserFormat = "jsonl", skip_bad: bool = False) -> Imported:
    return import_users(
        store, io.BytesIO(data), format, file="users", expires=0, integers={"points"}, skip_bad=skip_bad
    )


def users(store: LmdbStore) -> bytes:
    return b"".join(export_users(store, NOW))


GOOD = b'{"id":"u1","tier":"vip"}\n'


def test_lines_become_records(path: Path) -> None:
    with open_store(path, create=True) as store:
        data = b'\xef\xbb\xbf{"tier": "vip", "id": "b", "recs": ["p-1"]}\r\n\n  \n{"id":"a"}'
        assert load(store, data) == Imported(2, 0, ())
        assert users(store) == b'{"id":"a"}\n{"id":"b","tier":"vip","recs":["p-1"]}\n'


def test_an_import_replaces_whole_records_and_keeps_other_users(path: Path) -> None:
    with open_store(path, create=True) as store:
        load(store, b'{"id":"a","x":1,"y":2}\n{"id":"b"}\n')
        load(store, b'{"id":"a","x":3}\n')
        assert users(store) == b'{"id":"a","x":3}\n{"id":"b"}\n'


def test_of_two_lines_with_one_id_the_last_counts(path: Path) -> None:
    with open_store(path, create=True) as store:
        load(store, b'{"id":"a","x":"%s"}\n{"id":"a","x":2}\n' % (b"x" * 9000))
        assert users(store) == b'{"id":"a","x":2}\n'
    open_store(path).close()


def test_the_expiry_is_that_of_all(path: Path) -> None:
    with open_store(path, create=True) as store:
        import_users(store, io.BytesIO(GOOD), "jsonl", file="users", expires=99)
        user = get_user(store, "u1")
        assert user is not None
        assert user.expires == 99


BAD = {
    b"{": "",
    b"[]": "object",
    b"null": "object",
    b'{"tier":"vip"}': "no `id`",
    b'{"id":7}': "no `id`",
    b'{"id":""}': "1 to 511",
    b'{"id":"' + b"x" * 512 + b'"}': "1 to 511",
    b'{"id":"u","a":"\xff"}': "",
    b'{"id":"u","a":"\\ud800"}': "",
    b'{"id":"u","a":' + b"[" * 3000 + b"]" * 3000 + b"}": "recursion",
    b'{"id":"u","a":' + b"[" * 100 + b"]" * 100 + b"}": "100 levels",
    b'{"id":"u","a":"' + b"x" * MAX_RECORD + b'"}': "16,384",
    b'{"id":"u","a":"' + b"x" * (3 * MAX_LINE) + b'"}': "more than",
    b'{"id":"u"} {}': "",
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_line_is_told_with_its_place_and_nothing_is_imported(path: Path, bad: bytes) -> None:
    with open_store(path, create=True) as store:
        with pytest.raises(EdgekitError, match="EK437") as caught:
            load(store, GOOD + bad + b"\n" + GOOD)
        (found,) = caught.value.diagnostics
        assert (found.file, found.line, BAD[bad] in found.message, caught.value.status) == ("users", 2, True, 2)
        assert count_users(store) == 0


@pytest.mark.parametrize("bad", BAD)
def test_bad_lines_can_be_left_out(path: Path, bad: bytes) -> None:
    with open_store(path, create=True) as store:
        done = load(store, GOOD + bad + b"\n" + b'{"id":"u2"}', skip_bad=True)
        assert (done.imported, done.skipped, [found.line for found in done.findings]) == (2, 1, [2])
        assert users(store) == GOOD + b'{"id":"u2"}\n'


def test_many_bad_lines_are_counted_and_the_first_shown(path: Path) -> None:
    with open_store(path, create=True) as store:
        done = load(store, b"x\n" * 100, skip_bad=True)
        assert (done.imported, done.skipped, len(done.findings)) == (0, 100, SHOWN)


def test_progress_is_told(path: Path) -> None:
    told: list[int] = []
    lines = b"".join(b'{"id":"%d"}\n' % number for number in range(20_000))
    with open_store(path, create=True) as store:
        import_users(store, io.BytesIO(lines), "jsonl", file="users", expires=0, progress=told.append)
    assert told == [8192, 16384, 20_000]


CSV = b'id,name,points,recs,zip\nu1,"O\'Brien, ""Bo""\nx",7,"[""p-1"",2]",007\nu2,,,,\n'


def test_csv_cells_are_strings_integers_of_slots_and_lists(path: Path) -> None:
    with open_store(path, create=True) as store:
        assert load(store, b"\xef\xbb\xbf" + CSV, "csv") == Imported(2, 0, ())
        first, second = get_user(store, "u1"), get_user(store, "u2")
        assert first is not None
        assert second is not None
        assert first.record == {"name": 'O\'Brien, "Bo"\nx', "points": 7, "recs": ["p-1", 2], "zip": "007"}
        assert second.record == {"name": "", "recs": "", "zip": ""}


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (b"", None),
        (b"name,tier\na,b\n", 1),
        (b"id,a,a\n", 1),
        (b"id,a\nu1\n", 2),
        (b"id,a\nu1,b,c\n", 2),
        (b'id,a\nu1,"b\n\n', 3),
        (b'id,a\nu1,"b"c\n', 2),
        (b"id,points\nu1,many\n", 2),
        (b"id,points\nu1,9007199254740992\n", 2),
        (b"id,points\nu1,%s\n" % (b"9" * 5000), 2),
        (b"id,points\nu1, 1\n", 2),
        (b"id,a\nu1,[1\n", 2),
        (b"id,a\nu1,%s\n" % (b"[" * 101 + b"]" * 101), 2),
        (b"id,a\nu1,\xff\n", 2),
        (b"id,a\n,b\n", 2),
        (b"id,a\nu1,%s\n" % (b"x" * 2 * MAX_LINE), 2),
        (b"id,a\nu1,%s\n" % (b"x" * MAX_RECORD), 2),
    ],
)
def test_a_bad_row_is_told_with_its_line(path: Path, rows: bytes, line: int | None) -> None:
    with open_store(path, create=True) as store:
        if line is None:
            assert load(store, rows, "csv") == Imported(0, 0, ())
            return
        with pytest.raises(EdgekitError, match="EK437") as caught:
            load(store, rows, "csv")
        assert caught.value.diagnostics[0].line == line
        assert count_users(store) == 0
        done = load(store, rows + b"u9,\n", "csv", skip_bad=True)
        assert done.skipped >= 1


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
records = st.dictionaries(texts.filter(lambda key: key != "id"), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts, st.lists
), max_size=4)  # fmt: skip


@settings(max_examples=scaled(25), deadline=None)
@given(st.dictionaries(texts.filter(bool), records, max_size=5))
def test_an_export_imports_as_it_was(tmp_path_factory: pytest.TempPathFactory, people: dict[str, object]) -> None:
    folder = tmp_path_factory.mktemp("users")
    lines = "".join(json.dumps({"id": id, **record}) + "\n" for id, record in people.items())  # type: ignore[dict-item]
    with open_store(folder / "one.lmdb", create=True) as one, open_store(folder / "two.lmdb", create=True) as two:
        load(one, lines.encode())
        load(two, users(one))
        assert users(two) == users(one)
        assert {id: get_user(two, id).record for id in people} == people  # type: ignore[union-attr]

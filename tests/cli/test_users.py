import json
import time
from pathlib import Path

import pytest

from edgekit.kv.event import Event
from edgekit.kv.events import apply_event
from edgekit.kv.store import open_store
from edgekit.kv.users import put_user
from tests.cli.command import run, write_shop


def stored(id: str) -> dict[str, object]:
    user: dict[str, object] = run("users", "get", id, "--json").json["user"]
    return user


def test_a_user_is_got_as_json(built: Path) -> None:
    done = run("users", "get", "u1")
    assert json.loads(done.out) == {"id": "u1", "tier": "vip", "name": "Ada", "points": 7, "region": "EU"}


def test_a_put_replaces_the_whole_record(built: Path) -> None:
    assert run("users", "put", "u1", '{"name": "Łukasz"}').status == 0
    assert stored("u1") == {"id": "u1", "name": "Łukasz"}
    assert "Hello Łukasz, 0 points" in run("render", "/", "--user", "u1").text


def test_a_record_expires_as_the_site_says(built: Path) -> None:
    expires = run("users", "get", "u1", "--json").json["expires"]
    assert 0 < expires - Path("build/edge.lmdb").stat().st_mtime <= 86_401
    write_shop(built / "site", {"edgekit.toml": (built / "site/edgekit.toml").read_text() + "[kv.ttl]\nuser = 0\n"})
    run("build")
    run("users", "put", "u1", "{}")
    assert run("users", "get", "u1", "--json").json["expires"] is None


def test_of_an_expired_record_that_is_said(built: Path) -> None:
    assert run("users", "get", "u1").err == ""
    with open_store(Path("build/edge.lmdb")) as store:
        put_user(store, "u1", b'{"name": "Ada"}', 1_000_000_000, 0)
    done = run("users", "get", "u1")
    assert json.loads(done.out) == {"id": "u1", "name": "Ada"}
    assert done.err == "it expired on 2001-09-09 at 01:46:40 UTC, so pages are shown as to a guest\n"


def test_a_deleted_user_is_gone(built: Path) -> None:
    assert run("users", "delete", "u1").status == 0
    for command in ("get", "delete"):
        done = run("users", command, "u1")
        assert (done.status, done.out) == (1, b"")
        assert "EK484 there is no user `u1`" in done.err


def test_nothing_of_a_deleted_user_is_left_once_the_store_is_compacted(built: Path) -> None:
    """Neither under the record's own key nor where events and lags are remembered."""
    file = Path("build/edge.lmdb")
    run("users", "put", "secret-id", '{"name": "Confidential"}')
    with open_store(file) as store:
        event = Event("secret-id", int(time.time() * 1_000_000) + 1, {"name": "Confidential, too"})
        assert apply_event(store, "message", event, time.time(), lag=60)
    assert {name in file.read_bytes() for name in (b"secret-id", b"Confidential")} == {True}
    assert run("users", "delete", "secret-id").status == 0
    assert run("releases", "prune", "--compact").status == 0
    assert {name in file.read_bytes() for name in (b"secret-id", b"Confidential")} == {False}


@pytest.mark.parametrize("record", ["", "3", "[]", '{"a": ', '{"id": "u2"}', '{"a": NaN}', "\udcff"])
def test_a_put_of_what_is_no_record_changes_nothing(built: Path, record: str) -> None:
    done = run("users", "put", "u1", record)
    assert done.status == 2
    assert "EK436" in done.err
    assert stored("u1")["name"] == "Ada"


def test_an_export_is_what_an_import_reads(built: Path) -> None:
    exported = run("users", "export")
    assert [json.loads(line)["id"] for line in exported.out.splitlines()] == ["u1", "u2"]
    run("users", "delete", "u1")
    assert run("users", "import", "-", stdin=exported.out).text == "imported 2 users\n"
    assert run("users", "export").out == exported.out


def test_csv_cells_are_integers_where_a_slot_says_so(built: Path) -> None:
    Path("users.csv").write_text('id,name,points,tags\nu3,"Ada, L.",12,"[""a""]"\n')
    assert run("users", "import", "users.csv", "--json").json["imported"] == 1
    assert stored("u3") == {"id": "u3", "name": "Ada, L.", "points": 12, "tags": ["a"]}
    assert run("users", "import", "--format", "csv", "-", stdin=b"id,points\nu4,5\n").status == 0
    assert stored("u4")["points"] == 5


def test_a_bad_line_imports_nothing(built: Path) -> None:
    Path("bad.jsonl").write_text('{"id": "u8"}\n{"id": 9}\n{"id": "u1", "name": "Eve"}\n')
    done = run("users", "import", "bad.jsonl")
    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith("bad.jsonl:2: EK437 ")
    assert "--skip-bad" in done.err
    assert run("users", "get", "u8").status == 1
    assert stored("u1")["name"] == "Ada"


def test_a_tier_that_the_release_does_not_have_is_a_warning(built: Path) -> None:
    done = run("users", "put", "u8", '{"tier": "vpi"}')
    assert done.status == 0
    assert done.err.splitlines()[:2] == [
        "put user u8",
        "EK808 warning: the tier `vpi` of user `u8` is none of the current release; did you mean `vip`?",
    ]
    assert stored("u8")["tier"] == "vpi"
    Path("new.jsonl").write_text('{"id": "u1", "tier": "vip"}\n{"id": "u2", "tier": "gold"}\n')
    done = run("users", "import", "new.jsonl")
    assert (done.status, done.text) == (0, "imported 2 users\n")
    assert done.err.startswith("new.jsonl:2: EK808 warning: the tier `gold` of user `u2` is none of ")
    (found,) = run("users", "import", "new.jsonl", "--json").json["diagnostics"]
    assert (found["code"], found["severity"], found["line"]) == ("EK808", "warning", 2)


def test_bad_lines_are_left_out_where_asked(built: Path) -> None:
    lines = b'{"id": "u8"}\n{"id": 9}\n\n{"name": "x"}\n'
    done = run("users", "import", "-", "--skip-bad", stdin=lines)
    assert (done.status, done.text) == (0, "imported 1 user, 2 bad lines left out\n")
    assert [line.split(" ")[0] for line in done.err.splitlines() if "EK437" in line] == ["-:2:", "-:4:"]
    answer = run("users", "import", "-", "--skip-bad", "--json", stdin=lines).json
    assert (answer["imported"], answer["skipped"]) == (1, 2)
    assert [found["line"] for found in answer["diagnostics"]] == [2, 4]


def test_a_file_that_is_not_there_is_one_line(built: Path) -> None:
    done = run("users", "import", "nobody.jsonl")
    assert done.status == 2
    assert done.err.startswith("EK102 `nobody.jsonl` cannot be read: No such file or directory\n    help: ")


def test_users_are_counted_by_fields(built: Path) -> None:
    run("users", "put", "u3", '{"tier": "vip", "region": "E\\u001b[2JU"}')
    assert run("users", "stats").text == "users  tier\n2      vip\n1      free\n"
    assert "1      vip   E\\x1b[2JU\n" in run("users", "stats", "--by", "tier,region").text
    answer = run("users", "stats", "--by", "region,size", "--json").json
    assert (answer["total"], answer["expired"], answer["damaged"]) == (3, 0, 0)
    assert {"values": {"region": "EU", "size": None}, "users": 1} in answer["groups"]


@pytest.mark.parametrize("fields", ["", "tier,", "tier,tier"])
def test_fields_to_count_by_are_a_list_of_names(built: Path, fields: str) -> None:
    done = run("users", "stats", "--by", fields)
    assert done.status == 2
    assert "is not a list of different fields" in done.err

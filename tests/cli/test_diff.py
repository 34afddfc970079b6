"""The command; what its sides are is test_sides.py's, what differs and how it is shown tests/diff's."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from selectolax.lexbor import LexborHTMLParser

from edgekit.kv.releases import current_release, read_pack
from edgekit.kv.store import open_store
from edgekit.model.keys import VALUES
from tests.cli.command import run, write_shop
from tests.repository import Repository, git_environment
from tests.source import ROOT


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def keys_that_hold(store: Path, text: bytes) -> set[tuple[str, str]]:
    """The current release's keys whose bodies hold a text."""
    with open_store(store) as opened, opened.snapshot() as snapshot:
        index = read_pack(snapshot, current_release(snapshot) or "").index
        return {
            (entry.namespace, entry.key)
            for entry in index
            if text in (snapshot.get(VALUES, bytes.fromhex(entry.digest)) or b"")
        }


def test_an_edited_product_shows_exactly_its_fragments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "site", "site")
    run("build", "-q")
    wanted = keys_that_hold(Path("build/edge.lmdb"), b"Fog on the Quay")
    replace(Path("site/data/products.json"), "Fog on the Quay", "Fog on the Pier")
    shown = run("diff", "--json").json
    assert {(entry["namespace"], entry["key"]) for entry in shown["changed"]} == wanted
    assert len(wanted) > 3
    assert shown["added"] == shown["removed"] == []


def test_an_edit_of_a_layout_is_one_change_of_text(shop: Path) -> None:
    layout = "<header>Shop</header>{% block main %}{% endblock %}\n"
    page = '{% extends "layout.html" %}{% block main %}{{ product.name }} in {{ tier }}{% endblock %}'
    write_shop(shop / "site", {"templates/layout.html": layout, "pages/product/[sku].html": page})
    run("build", "-q")
    replace(shop / "site/templates/layout.html", "Shop", "Saltmarsh")
    shown = run("diff").text
    assert shown.count("Saltmarsh") == 1
    assert "  in 4 fragments (/product/p-1 and 1 other page; tiers free, vip)\n" in shown


def test_a_page_that_becomes_personal_stands_first(built: Path) -> None:
    write_shop(built / "site", {"pages/about.html": "<p>About you, {{ user.name }}</p>\n"})
    lines = run("diff").text.splitlines()
    assert lines[3] == "Look at this first"
    assert "from class `static` to `user`" in lines[4]
    markdown = run("diff", "--format", "markdown").text
    assert markdown.index("Look at this first") < markdown.index("Pages")
    kinds = [danger["kind"] for danger in run("diff", "--format", "json").json["dangers"]]
    assert {"delivery", "slot"} <= set(kinds)


def test_what_was_just_built_has_no_changes(built: Path) -> None:
    done = run("diff", "--exit-code")
    assert done == (0, b"No changes: site ./site is what store build/edge.lmdb has.\n", "")
    assert run("diff", "-q").out == b""
    shown = run("diff", "--json").json
    assert shown["added"] == shown["changed"] == shown["removed"] == []


def test_a_live_edit_that_stays_is_shown_and_is_no_change(built: Path) -> None:
    run("segments", "put", "free", "hero=Summer", "-q")
    done = run("diff", "--exit-code")
    assert done.status == 0
    assert '"Summer" (edited in the store, and stays; the file has "Spring")' in done.text
    write_shop(built / "site", {"segments/free.toml": 'hero = "Autumn"\nseats = 3\n'})
    done = run("diff", "--exit-code")
    assert done.status == 1
    assert "Autumn" in done.text


def test_with_exit_code_a_difference_ends_with_1(built: Path) -> None:
    write_shop(built / "site", {"pages/about.html": "<p>About them</p>\n"})
    assert run("diff").status == 0
    for form in ("text", "json", "markdown"):
        done = run("diff", "--exit-code", "--format", form)
        assert (done.status, done.err, "them" in done.text) == (1, "", True)
    assert run("diff", "--exit-code", "-q").out == run("diff").out


def test_without_a_store_everything_is_added(shop: Path) -> None:
    shown = run("diff", "--json").json
    assert shown["old"]["release"] is None
    assert {entry["namespace"] for entry in shown["added"]} == {
        "_EDGEKIT", "ASSETS", "PAGE_TPL", "SEGMENT_CONFIG", "STATIC_PAGES",
    }  # fmt: skip
    assert shown["changed"] == shown["removed"] == []
    assert not (shop / "build").exists()


def test_a_diff_changes_no_byte_of_the_store(built: Path) -> None:
    before = (built / "build/edge.lmdb").read_bytes()
    write_shop(built / "site", {"pages/about.html": "new"})
    run("diff")
    assert (built / "build/edge.lmdb").read_bytes() == before


def test_what_differs_is_then_built(built: Path) -> None:
    write_shop(built / "site", {"pages/about.html": "new", "pages/new.html": "new"})
    shown = run("diff", "--json").json
    assert run("build", "--json").json["release"] == shown["new"]["release"]
    assert run("diff", "--exit-code").status == 0


def test_a_branch_is_compared_with_where_it_began(built: Path) -> None:
    made = Repository(built, git_environment())
    made.commit_all("one")
    write_shop(built / "site", {"pages/about.html": "<p>About them</p>\n"})
    shown = run("diff", "git:main", "--json").json
    assert [entry["key"] for entry in shown["changed"]] == ["/about"]
    back = run("diff", "site", "git:main", "--json").json
    assert (back["old"]["release"], back["new"]["release"]) == (shown["new"]["release"], shown["old"]["release"])


def test_a_site_that_does_not_compile_ends_with_2_and_its_findings(built: Path) -> None:
    write_shop(built / "site", {"pages/about.html": "<p>\n  {{ user.name|upper }}\n</p>\n"})
    done = run("diff")
    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith("site/pages/about.html:2: EK202 ")
    done = run("diff", "--json")
    assert (done.status, done.err) == (2, "")
    assert [found["code"] for found in done.json["diagnostics"]] == ["EK202"]
    assert run("diff", "--format", "markdown").err.startswith("site/pages/about.html:2: EK202 ")


def test_both_sides_are_of_one_moment(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    moments = iter(datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2))
    monkeypatch.setattr("edgekit.cli.diff.read_clock", lambda: next(moments))
    for folder in ("site", "other"):
        write_shop(shop / folder, {"pages/about.html": "{{ build_time }}"})
    assert run("diff", "site", "other", "--exit-code").status == 0


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_users_are_named_and_no_value_of_theirs_is(built: Path, form: str) -> None:
    shutil.copy("build/edge.lmdb", "old.lmdb")
    run("users", "put", "u1", '{"tier": "vip", "name": "Grace"}', "-q")
    run("users", "put", "u3", '{"tier": "free", "name": "Edsger"}', "-q")
    run("users", "delete", "u2", "-q")
    done = run("diff", "old.lmdb", "build/edge.lmdb", "--users", "--exit-code", "--format", form)
    assert done.status == 1
    assert all(id in done.text for id in ("u1", "u2", "u3"))
    assert not any(name in done.text for name in ("Ada", "Grace", "Edsger", "Brien"))
    assert run("diff", "old.lmdb", "build/edge.lmdb", "--exit-code").status == 0


def test_an_expiry_alone_is_no_change(built: Path) -> None:
    shutil.copy("build/edge.lmdb", "old.lmdb")
    with (built / "site/edgekit.toml").open("a") as config:
        config.write("[kv.ttl]\nuser = 7\n")
    run("build", "-q")
    run("users", "import", "site/users.jsonl", "-q")
    shown = run("diff", "old.lmdb", "build/edge.lmdb", "--users", "--json").json
    changed = [(entry["namespace"], entry["key"]) for entry in shown["added"] + shown["changed"] + shown["removed"]]
    assert changed
    assert {namespace for namespace, _ in changed} == {"_EDGEKIT"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--users"], "--users compares two stores"),
        (["build/edge.lmdb", "site", "--users"], "--users compares two stores"),
        (["mian"], "EK174 there is neither a store nor a site `mian`"),
        (["redis://localhost"], "EK174 `redis://localhost` is a deployed target"),
        (["git:main"], "EK170 `site` is in no repository of git"),
        (["site/edgekit.toml"], "EK424 "),
        (["--format", "pdf"], "'pdf' is not one of"),
        (["a", "b", "c"], "unexpected extra argument"),
    ],
)
def test_what_cannot_be_compared_ends_with_2(built: Path, arguments: list[str], said: str) -> None:
    done = run("diff", *arguments)
    assert (done.status, done.out, said in done.err) == (2, b"", True), done


def test_the_html_report_has_a_page_before_and_after(built: Path) -> None:
    write_shop(built / "site", {"pages/about.html": "<p>About you, {{ user.name }}</p>\n"})
    parsed = LexborHTMLParser(run("diff", "--format", "html").text)
    assert next(node.text() for node in parsed.css("main h2")).startswith("Look at this first")
    [page] = [node for node in parsed.css(".page") if node.css_first(".path").text() == "/about"]
    assert "<p>About you, {USER_NAME}</p>" in [node.text() for node in page.css(".code.come")]


def test_the_schema_describes_what_is_printed(built: Path) -> None:
    schema = json.loads(run("schema", "diff").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    shutil.copy("build/edge.lmdb", "old.lmdb")
    run("users", "delete", "u2", "-q")
    run("segments", "put", "free", "hero=Summer", "-q")
    write_shop(built / "site", {"pages/about.html": "<p>About you, {{ user.name }}</p>\n"})
    for arguments in [[], ["old.lmdb", "build/edge.lmdb", "--users"], ["--store", "none.lmdb"]]:
        validator.validate(run("diff", "--json", *arguments).json)
    assert not validator.is_valid({"version": 1})

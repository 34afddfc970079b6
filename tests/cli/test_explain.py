import json
import os
import pty
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgekit.cli.building import build_site
from edgekit.compiler.explain import explanation
from edgekit.diagnostics.catalogue import list_codes, read_entry
from edgekit.kv.store import open_store
from edgekit.kv.users import put_user
from edgekit.replay.core import respond
from edgekit.replay.request import Request
from edgekit.replay.store import ReplayStore
from tests.cli.command import command_line, environment, run, write_shop
from tests.source import ROOT

DOCUMENT = ROOT / "docs" / "explain.md"
CASES = ROOT / "tests" / "cases" / "explain"
REWRITE = bool(os.environ.get("EDGEKIT_REWRITE_CASES"))


def test_an_entry_is_printed_as_markdown() -> None:
    done = run("explain", "EK203")
    assert (done.status, done.err) == (0, "")
    entry = read_entry("EK203")
    assert done.text.startswith(f"# EK203: {entry.title}\n\n{entry.why}\n\n## Bad\n\n")
    assert entry.bad in done.text
    assert done.text.endswith(f"\n## Good\n\n{entry.good}\n")


def test_small_letters_are_fine() -> None:
    assert run("explain", "ek203").out == run("explain", "EK203").out


def test_json_has_the_parts_of_an_entry() -> None:
    entry = read_entry("EK203")
    assert run("explain", "EK203", "--json").json == {
        "version": 1,
        "code": "EK203",
        "title": entry.title,
        "why": entry.why,
        "bad": entry.bad,
        "good": entry.good,
    }


@pytest.mark.parametrize(
    ("code", "near"), [("203", "EK203"), ("EK0203", "EK203"), ("../EK203", "EK203"), ("EK999", None)]
)
def test_an_unknown_code_is_a_finding_with_the_nearest_one(code: str, near: str | None) -> None:
    done = run("explain", code)
    assert done.status == 1
    hint = f"; did you mean `{near}`?" if near else ""
    assert done.err.splitlines()[0] == f"EK489 there is no code `{code}`{hint}"


@pytest.mark.parametrize("subject", ["tea", "cart", "pages/cart.html", "http://127.0.0.1:1818/cart", ""])
def test_what_is_neither_a_path_nor_a_code_is_told_both(subject: str) -> None:
    done = run("explain", subject)
    assert (done.status, done.out) == (1, b"")
    assert done.err.startswith(
        f"EK489 `{subject}` is neither a page's path nor a code\n    help: a path begins with `/`"
    )


@pytest.mark.parametrize("arguments", [["--at", "x"], ["--tier", "free"]])
def test_options_of_a_page_are_refused_for_a_code(arguments: list[str]) -> None:
    done = run("explain", "EK203", *arguments)
    assert (done.status, done.out) == (2, b"")
    assert "--at and --tier are for a PATH" in done.err


def test_json_of_an_unknown_code_is_a_diagnostic() -> None:
    (found,) = run("explain", "EK999", "--json").json["diagnostics"]
    assert found["code"] == "EK489"


def show(folder: Path, *arguments: str) -> str:
    """What a command shows on a terminal; it must end with 0."""
    reading, terminal = pty.openpty()
    with subprocess.Popen(
        command_line("explain", *arguments), cwd=folder, stdout=terminal, env=environment(TERM="xterm", COLUMNS="100")
    ) as process:
        os.close(terminal)
        shown = b""
        with os.fdopen(reading, "rb", buffering=0) as screen:
            try:
                while read := screen.read(4096):
                    shown += read
            except OSError:  # how a terminal ends on Linux
                pass
    assert process.returncode == 0
    return shown.decode().replace("\r\n", "\n")


def test_on_a_terminal_an_entry_is_laid_out(tmp_path: Path) -> None:
    shown = show(tmp_path, "EK203")
    assert "\x1b[" in shown
    assert "```" not in shown
    assert "{{ user.address.city }}" in shown


def test_a_command_that_shows_no_entry_reads_none(tmp_path: Path) -> None:
    script = "import sys; sys.addaudithook(lambda event, args: event == 'open' and print(args[0], file=sys.stderr)); "
    script += "from edgekit.cli.main import main; main(sys.argv[1:])"
    opened = {}
    for arguments in (["--help"], ["check", "nowhere"], ["explain", list_codes()[0]]):
        python = command_line()[0]
        done = subprocess.run([python, "-c", script, *arguments], capture_output=True, text=True, env=environment())
        opened[arguments[0]] = [line for line in done.stderr.splitlines() if "entries" in line and line.endswith(".md")]
    assert [opened["--help"], opened["check"], len(opened["explain"])] == [[], [], 1]


# --- pages ---

EXAMPLES = {
    "home": ["/"],
    "about": ["/about"],
    "cart": ["/cart"],
    "product": ["/product/p-100", "--tier", "vip"],
    "recommendations": ["island/recommendations"],
    "redirect": ["/products/p-100"],
    "text": ["/", "--at", "Rated"],
}
"""Snapshots of the example shop; `EDGEKIT_REWRITE_CASES=1` writes them: read the difference before a commit."""


@pytest.fixture
def _in_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.usefixtures("_in_repository")
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_page_of_the_example_is_explained(name: str) -> None:
    done = run("explain", *EXAMPLES[name])
    file = CASES / f"{name}.txt"
    if REWRITE:
        file.write_text(done.text, "utf-8")
    assert (done.status, done.err) == (0, "")
    assert done.text == file.read_text("utf-8")


def test_no_snapshot_is_left_over() -> None:
    assert {file.name for file in CASES.iterdir()} == {f"{name}.txt" for name in EXAMPLES}


@pytest.mark.usefixtures("_in_repository")
def test_the_documents_example_is_what_is_printed() -> None:
    shown = f"```text\n$ edgekit explain /membership\n{run('explain', '/membership').text}```"
    text = DOCUMENT.read_text("utf-8")
    if REWRITE:
        DOCUMENT.write_text(re.sub(r"```text\n\$ edgekit explain .*?```", lambda _: shown, text, flags=re.S), "utf-8")
    assert shown in DOCUMENT.read_text("utf-8")


def test_the_document_names_every_field_of_the_object() -> None:
    rows = set(re.findall(r"`([a-z_]+)`", DOCUMENT.read_text("utf-8").partition("## JSON")[2]))
    structs = [value for value in vars(explanation).values() if isinstance(value, type) and value is not msgspec.Struct]
    fields = {name for one in structs if issubclass(one, msgspec.Struct) for name in one.__struct_fields__}
    assert fields | {"headers", "status", "location"} <= rows


def test_json_is_the_explanation_with_the_headers(shop: Path) -> None:
    answer = run("explain", "/product/p-1", "--json").json
    assert {name: answer[name] for name in ("path", "kind", "file", "delivery", "variants")} == {
        "path": "/product/p-1",
        "kind": "page",
        "file": "site/pages/product/[sku].html",
        "delivery": "segment",
        "variants": 1,
    }
    place = {"file": "site/pages/product/[sku].html", "line": 1, "expression": "{{ tier }}"}
    assert answer["because"] == [{"name": "tier", "place": place, "island": None}]
    assert answer["headers"] == {"content-type": "text/html; charset=utf-8", "cache-control": "private, max-age=0"}


def test_files_are_relative_to_the_current_folder(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop / "site" / "pages")
    assert run("explain", "/about", "..", "--json").json["file"] == "about.html"


def test_it_needs_no_store_and_makes_none(shop: Path) -> None:
    assert run("explain", "/").status == 0
    assert not (shop / "build").exists()


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [("/old", 308, "/about"), ("/tmp", 302, "/"), ("/p/t%C3%A9", 308, "/product/t%C3%A9"), ("/about/", 308, "/about")],
)
def test_a_redirect_says_where_it_leads(shop: Path, path: str, status: int, location: str) -> None:
    toml = shop / "site" / "edgekit.toml"
    redirects = '"/old" = "/about"\n"/p/[x]" = "/product/[x]"\n"/tmp" = {to = "/", status = 302}\n'
    toml.write_text(f'{toml.read_text()}[redirects]\n{redirects}[headers."/*"]\nx-a = "b"\n')
    answer = run("explain", f"{path}?x=1", "--json").json
    assert (answer["path"], answer["kind"], answer["status"], answer["location"]) == (
        path,
        "redirect",
        status,
        location,
    )
    assert answer["headers"]["x-a"] == "b"
    assert run("explain", path).text.startswith(f"{path} is redirected to {location} with {status}\n")


def test_headers_are_those_of_the_answer(shop: Path) -> None:
    toml = shop / "site" / "edgekit.toml"
    toml.write_text(f'{toml.read_text()}[headers."/*"]\nx-a = "all"\n[headers."/about"]\nx-a = "about"\n')
    headers = {path: run("explain", path, "--json").json["headers"] for path in ("/about", "404", "/")}
    assert {path: sent["x-a"] for path, sent in headers.items()} == {"/about": "about", "404": "all", "/": "all"}


@pytest.mark.parametrize(
    ("arguments", "code", "status", "message"),
    [
        (["/abuot"], "EK483", 1, "there is no page `/abuot`; did you mean `/about`?"),
        (["503"], "EK483", 1, "the site has no `503.html`"),
        (["/", "--tier", "vpi"], "EK438", 1, "there is no tier `vpi`; did you mean `vip`?"),
        (["/", "--at", "Bye"], "EK487", 1, "`/` does not print `Bye`"),
        (["/", "nowhere"], "EK101", 2, "the site `nowhere` does not exist"),
    ],
)
def test_what_is_not_there_is_a_finding(shop: Path, arguments: list[str], code: str, status: int, message: str) -> None:
    done = run("explain", *arguments)
    assert (done.status, done.out, done.err.splitlines()[0]) == (status, b"", f"{code} {message}")


def test_an_empty_text_is_wrong_usage(shop: Path) -> None:
    done = run("explain", "/", "--at", " ")
    assert (done.status, done.out) == (2, b"")


def test_a_page_with_findings_shows_them(shop: Path) -> None:
    (shop / "site" / "pages" / "index.html").write_text("<p>\n{{ user.name|upper }}</p>")
    done = run("explain", "/")
    assert (done.status, done.out) == (1, b"")
    assert done.err.startswith("site/pages/index.html:2: EK202 ")
    assert run("explain", "/", "--json").json["diagnostics"][0]["code"] == "EK202"
    assert run("explain", "/about").status == 0


def test_build_time_is_the_given_clock(shop: Path) -> None:
    (shop / "site" / "pages" / "about.html").write_text("{{ build_time.year }}")
    assert run("explain", "/about", "--clock", "2031-01-01T00:00:00Z", "--at", "2031").status == 0
    (read, _) = run("explain", "/about", "--json").json["reads"]
    assert (read["kind"], read["name"], read["places"][0]["line"]) == ("clock", "build_time", 1)


def test_what_the_sites_own_python_prints_is_not_in_the_result(shop: Path) -> None:
    toml = shop / "site" / "edgekit.toml"
    toml.write_text(f'{toml.read_text()}[jinja]\nfilters = {{ loud = "loud:loud" }}\n')
    (shop / "loud.py").write_text("def loud(value):\n    print('heard')\n    return value\n")
    (shop / "site" / "pages" / "about.html").write_text("{{ 'x'|loud }}")
    done = run("explain", "/about", "--json")
    assert done.json["delivery"] == "static"
    assert "heard" in done.err


def test_on_a_terminal_the_same_lines_are_coloured(shop: Path) -> None:
    shown = show(shop, "/")
    assert "\x1b[1m/: class user, each visitor's own\x1b[0m" in shown
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == run("explain", "/").text
    assert "\x1b[" not in show(shop, "/", "--no-color")


def test_control_characters_of_a_template_are_escaped(shop: Path) -> None:
    (shop / "site" / "pages" / "about.html").write_text('{{ user.name|default("\x1b[31m") }}')
    assert "\x1b" not in run("explain", "/about").text


def test_of_an_island_the_first_pages_that_hold_it_are_named(shop: Path) -> None:
    pages = {f"pages/p{number}.html": '<div>{% island "mine" %}</div>' for number in range(10)}
    write_shop(shop / "site", {**pages, "islands/mine.html": "<p>mine</p>", "islands/lone.html": "<p>lone</p>"})
    named = "".join(f"  /p{number}\n" for number in range(8))
    assert f"\nHeld by\n{named}  and 2 other pages\n" in run("explain", "island/mine").text
    assert "\nHeld by\n  no page\n" in run("explain", "island/lone").text
    assert "Held by" not in run("explain", "/p1").text


def explained_reads(path: str) -> int:
    return sum(lookup["most"] for lookup in run("explain", path, "--json").json["lookups"])


def test_look_ups_are_those_of_replay(shop: Path) -> None:
    """Of somebody with a record, for whom every key is looked up; of a list none is found."""
    write_shop(
        shop / "site",
        {
            "edgekit.toml": (shop / "site/edgekit.toml").read_text() + LISTS,
            "islands/card.html": "<b>{{ product.name }} {{ segment.hero }}</b>\n",
            "islands/empty.html": "nothing\n",
            "islands/recs.html": "<div>{{ user.recs }}</div>\n",
            "islands/plain.html": "plain\n",
            "pages/recs.html": '<div>{% island "recs" %}{% island "plain" %}{% island "plain" %}</div>\n',
            "pages/plain.html": '<div>{% island "plain" %}</div>\n',
            "pages/later.html": '<div>{% island "recs" client %}wait{% endisland %}</div>\n',
            "pages/list.html": "<div>{{ user.recs }}</div>\n",
        },
    )
    build_site(shop / "site", shop / "edge.lmdb")
    with open_store(shop / "edge.lmdb") as store:
        record: dict[str, Any] = {"tier": "vip", "recs": [f"none-{number}" for number in range(99)]}
        put_user(store, "u1", json.dumps(record).encode(), 0, 0)
        replay = ReplayStore(store)
        reads = {}
        for path in ("/", "/about", "/search", "/product/p-1", "/plain", "/later", "/list", "/recs"):
            request = Request(path.encode(), time.time(), headers=((b"x-user-id", b"u1"),), peer="127.0.0.1")
            respond(request, replay)  # which reads the release
            reads[path] = respond(request, replay).reads
    live = {"/list": 1, "/recs": 1}  # only items have live fields, and none is shown
    assert {path: explained_reads(path) - live.get(path, 0) for path in reads} == reads


LISTS = """
[slots.RECS]
from = "user.recs"
island = "card"
max_items = 2
default = "empty"
[islands.card]
each = "data.products"
as = "product"
key = "sku"
"""

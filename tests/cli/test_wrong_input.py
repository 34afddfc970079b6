"""Wrong input gets one clear message and exit 1 or 2, never a traceback, and loses nothing."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import lmdb
import pytest

from tests.cli.command import CONFIG, Done, as_nobody, run, run_process, write_shop

STORE = Path("build/edge.lmdb")


def said_clearly(done: Done, status: int, *words: str) -> None:
    assert done.status == status
    shown = done.err + done.text
    assert "Traceback" not in shown
    assert "a bug of" not in shown
    for word in words:
        assert word in shown


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, but LMDB's and the builder's lock files."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-lock", ".build"))
    }


SITES: dict[str, tuple[Callable[[], object], int, tuple[str, ...]]] = {
    "no site": (lambda: shutil.rmtree("site"), 2, ("EK101 there is no site here", "`edgekit init DIR`")),
    "an empty folder": (
        lambda: (shutil.rmtree("site"), Path("site").mkdir()),
        2,
        ("EK101 there is no site here",),
    ),
    "a site without pages": (lambda: shutil.rmtree("site/pages"), 2, ("EK108",)),
    "a site without tiers": (lambda: shutil.rmtree("site/segments"), 2, ("EK121 the site has no tiers",)),
    "bad TOML": (
        lambda: Path("site/edgekit.toml").write_text("[site\n"),
        2,
        ("site/edgekit.toml:1: EK106", "    [site\n"),
    ),
    "an unknown key": (
        lambda: Path("site/edgekit.toml").write_text(CONFIG + "[kv.tll]\n"),
        2,
        (f"site/edgekit.toml:{CONFIG.count(chr(10)) + 1}: EK110 unknown key `kv.tll`; did you mean `ttl`?",),
    ),
    "a folder instead of the configuration": (
        lambda: (Path("site/edgekit.toml").unlink(), Path("site/edgekit.toml").mkdir()),
        2,
        ("EK101",),
    ),
    "bad data": (lambda: Path("site/data/products.json").write_text("[1,"), 2, ("site/data/products.json:1: EK107",)),
    "a bad tier": (
        lambda: Path("site/segments/vip.toml").write_text("hero = 3"),
        2,
        ("site/segments/vip.toml:1: EK135",),
    ),
    "a missing template": (
        lambda: Path("site/pages/about.html").write_text('{% include "header.html" %}'),
        1,
        ("site/pages/about.html:1: EK212",),
    ),
    "a template with bad syntax": (
        lambda: Path("site/pages/about.html").write_text("\n{% if %}"),
        1,
        ("site/pages/about.html:2: EK213",),
    ),
    "a page that is not UTF-8": (
        lambda: Path("site/pages/about.html").write_bytes(b"\xff"),
        1,
        ("EK212", "UTF-8"),
    ),
    "a page at a reserved path": (
        lambda: write_shop(Path("site"), {"pages/static/a.html": ""}),
        1,
        ("site/pages/static/a.html: EK401",),
    ),
}


@pytest.mark.parametrize("command", ["build", "check"])
@pytest.mark.parametrize(("spoil", "status", "words"), SITES.values(), ids=SITES)
def test_a_wrong_site_publishes_nothing(
    built: Path, spoil: Callable[[], object], status: int, words: tuple[str, ...], command: str
) -> None:
    before = run("releases", "list").out, run("users", "export").out, run("render", "/").out
    spoil()
    said_clearly(run(command), status, *words)
    if Path("site/edgekit.toml").is_file() and "EK106" not in str(words):
        assert before == (run("releases", "list").out, run("users", "export").out, run("render", "/").out)
    else:
        store = ("--store", STORE)
        assert before[0] == run("releases", "list", *store).out
        assert before[1:] == (run("users", "export", *store).out, run("render", "/", *store).out)


@pytest.mark.parametrize("folder", ["nowhere", "site/pages", "site/edgekit.toml"])
def test_a_site_that_is_none_is_named(shop: Path, folder: str) -> None:
    for command in ("build", "serve") if folder == "site/edgekit.toml" else ("build", "check", "serve"):
        said_clearly(run(command, folder), 2, "EK101", f"`{folder}`")


def truncate() -> None:
    os.truncate(STORE, STORE.stat().st_size // 2)


def flip_every_page() -> None:
    content = bytearray(STORE.read_bytes())
    for place in range(2 * 4096, len(content), 4096):
        content[place + 10] ^= 0x55  # the flags of a page
    STORE.write_bytes(content)


def make_newer() -> None:
    with lmdb.open(str(STORE), subdir=False, max_dbs=9) as env:
        database = env.open_db(b"_EDGEKIT")
        with env.begin(write=True) as txn:
            txn.put(b"format", b"2", db=database)


def make_foreign() -> None:
    STORE.unlink()
    with lmdb.open(str(STORE), subdir=False, max_dbs=1) as env, env.begin(write=True) as txn:
        txn.put(b"a", b"b", db=env.open_db(b"mine", txn=txn))


STORES: dict[str, tuple[Callable[[], object], tuple[str, ...]]] = {
    "a folder": (lambda: (STORE.unlink(), STORE.mkdir()), ("EK424", "is a folder")),
    "not LMDB": (lambda: STORE.write_bytes(b"SQLite format 3\0" * 1000), ("EK424", "is not an LMDB file")),
    "empty": (lambda: STORE.write_bytes(b""), ("EK424", "is empty")),
    "truncated": (truncate, ("EK425", "truncated")),
    "bit-flipped": (flip_every_page, ("EK425", "is damaged")),
    "newer": (make_newer, ("EK427", "edgekit's format 2")),
    "another program's": (make_foreign, ("EK426", "of another program")),
}

COMMANDS = {
    "build": ["build"],
    "render": ["render", "/"],
    "users get": ["users", "get", "u1"],
    "users import": ["users", "import", "site/users.jsonl"],
    "users put": ["users", "put", "u1", "{}"],
    "users stats": ["users", "stats"],
    "segments": ["segments", "put", "free", "hero=x"],
    "releases": ["releases", "list"],
    "rollback": ["releases", "rollback"],
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("spoil", "words"), STORES.values(), ids=STORES)
def test_a_wrong_store_is_left_as_it_is(
    built: Path, spoil: Callable[[], object], words: tuple[str, ...], arguments: list[str]
) -> None:
    spoil()
    before = contents(built)
    said_clearly(run(*arguments), 2, *words)
    assert contents(built) == before


@pytest.mark.parametrize(("spoil", "words"), STORES.values(), ids=STORES)
def test_verify_and_serve_say_what_is_wrong_with_a_store(
    built: Path, spoil: Callable[[], object], words: tuple[str, ...]
) -> None:
    spoil()
    shutil.rmtree("site")
    before = contents(built)
    said_clearly(run("verify"), 2 if words[0] == "EK427" else 1, *words)
    said_clearly(run_process("serve", "--port", "0", cwd=built), 2, *words)
    assert contents(built) == before


@pytest.mark.parametrize("arguments", [*COMMANDS.values(), ["verify"]], ids=[*COMMANDS, "verify"])
def test_a_store_that_is_not_there_is_made_by_a_build_only(shop: Path, arguments: list[str]) -> None:
    done = run(*arguments)
    if arguments == ["build"]:
        assert done.status == 0
    else:
        said_clearly(done, 2, "EK423", "`edgekit build`")
        assert not STORE.exists()


def test_verify_finds_a_flipped_bit_of_a_body_and_a_build_mends_it(built: Path) -> None:
    assert run("verify").text == "no damage in build/edge.lmdb\n"
    assert run("verify", "--json").json["diagnostics"] == []
    content = bytearray(STORE.read_bytes())
    for place in range(len(content)):
        if content.startswith(b"<p>About us</p>", place):
            content[place + 4] ^= 1
    STORE.write_bytes(content)
    done = run("verify")
    said_clearly(done, 1, "EK442")
    assert done.err == ""
    assert [found["code"] for found in run("verify", "--json").json["diagnostics"]] == ["EK442"]
    assert run("build").status == 0
    assert run("render", "/about").text == "<p>About us</p>"


def test_a_read_only_store_is_read_and_never_written() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = write_shop(Path(name) / "site").parent
        store = folder / "edge.lmdb"
        assert run_process("build", "--store", store, cwd=folder).status == 0
        assert run_process("users", "import", "site/users.jsonl", "--store", store, cwd=folder).status == 0
        store.chmod(0o444)
        folder.chmod(0o555)
        before = contents(folder)
        try:
            for words, status, said in (
                (["render", "/", "--user", "u1"], 0, "Hello Ada"),
                (["verify"], 0, "no damage"),
                (["users", "put", "u1", "{}"], 2, "EK428"),
                (["users", "import", "site/users.jsonl"], 2, "EK428"),
                (["segments", "reset", "free"], 2, "EK428"),
                (["releases", "rollback"], 2, "EK428"),
                (["build"], 2, "EK428"),
            ):
                said_clearly(as_nobody(*words, "--store", store, cwd=folder), status, said)
            assert contents(folder) == before
            store.chmod(0o000)
            said_clearly(as_nobody("verify", "--store", store, cwd=folder), 2, "EK428", "see to its permissions")
        finally:
            folder.chmod(0o755)

"""A site's own functions, seen from the command line."""

import json
from pathlib import Path

from tests.cli.command import CONFIG, run, run_process, write_shop

OWN = CONFIG + '[jinja]\nfilters = { shout = "tools.text:shout" }\n'
PAGE = {"edgekit.toml": OWN, "pages/own.html": "<p>{{ 'tea'|shout }}</p>\n"}


def write_tool(folder: Path, text: str) -> None:
    (folder / "tools").mkdir(exist_ok=True)
    (folder / "tools" / "text.py").write_text(text, "utf-8")


def test_a_change_of_the_source_is_in_the_next_build(shop: Path) -> None:
    write_shop(shop / "site", PAGE)
    write_tool(shop, "def shout(x):\n    return x + '!'\n")
    assert run("build").status == 0
    first = run("render", "/own").out
    write_tool(shop, "def shout(x):\n    return x + '?'\n")
    assert run("build").status == 0
    assert (first, run("render", "/own").out) == (b"<p>tea!</p>", b"<p>tea?</p>")


def test_the_folder_that_holds_the_site_counts_and_not_the_current_one(shop: Path) -> None:
    write_shop(shop / "site", PAGE)
    write_tool(shop, "def shout(x):\n    return x + '!'\n")
    elsewhere = shop / "elsewhere"
    elsewhere.mkdir()
    write_tool(elsewhere, "def shout(x):\n    return 'wrong'\n")
    assert run_process("build", "../site", "--store", "s.lmdb", cwd=elsewhere).status == 0
    assert run_process("render", "/own", "--store", "s.lmdb", cwd=elsewhere).out == b"<p>tea!</p>"


def test_a_module_that_cannot_be_imported_is_a_configuration_error_at_its_line(shop: Path) -> None:
    write_shop(shop / "site", PAGE)
    write_tool(shop, "\n\ndef shout(:\n")
    done = run("check")
    assert (done.status, done.err.splitlines()[0]) == (
        2,
        "tools/text.py:3: EK146 `tools.text` cannot be imported: syntax error: invalid syntax",
    )


def test_a_function_that_fails_is_a_finding_at_its_line(shop: Path) -> None:
    write_shop(shop / "site", PAGE)
    write_tool(shop, "def shout(x):\n    return 1 / 0\n")
    done = run("check")
    assert done.status == 1
    assert done.text.startswith("tools/text.py:2: EK218 the site's own function fails: ZeroDivisionError: division by ")
    assert "    return 1 / 0\n    help: mend it, or what line 1 of `pages/own.html` gives it" in done.text


def test_what_a_function_prints_stays_out_of_the_data(shop: Path) -> None:
    write_shop(shop / "site", PAGE)
    write_tool(shop, "print('imported')\n\n\ndef shout(x):\n    print('called')\n    return x + '!'\n")
    for command in (["build", "--json"], ["check", "--format", "json"]):
        done = run_process(*command, cwd=shop)
        assert (done.status, json.loads(done.out)["version"]) == (0, 1)
    assert run_process("render", "/own", "--oracle", cwd=shop).out == b"<p>tea!</p>"

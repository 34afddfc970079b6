import os
import pty
import subprocess
from pathlib import Path

import pytest

from edgekit.diagnostics.catalogue import list_codes, read_entry
from tests.cli.command import command_line, environment, run


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
    ("code", "near"), [("203", "EK203"), ("EK0203", "EK203"), ("tea", None), ("../EK203", "EK203")]
)
def test_an_unknown_code_is_a_finding_with_the_nearest_one(code: str, near: str | None) -> None:
    done = run("explain", code)
    assert done.status == 1
    hint = f"; did you mean `{near}`?" if near else ""
    assert done.err.splitlines()[0] == f"EK489 there is no code `{code}`{hint}"


def test_json_of_an_unknown_code_is_a_diagnostic() -> None:
    (found,) = run("explain", "EK999", "--json").json["diagnostics"]
    assert found["code"] == "EK489"


def test_on_a_terminal_an_entry_is_laid_out(tmp_path: Path) -> None:
    reading, terminal = pty.openpty()
    with subprocess.Popen(
        command_line("explain", "EK203"), cwd=tmp_path, stdout=terminal, env=environment(TERM="xterm", COLUMNS="100")
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
    assert "\x1b[" in shown.decode()
    assert "```" not in shown.decode()
    assert "{{ user.address.city }}" in shown.decode()


def test_a_command_that_shows_no_entry_reads_none(tmp_path: Path) -> None:
    script = "import sys; sys.addaudithook(lambda event, args: event == 'open' and print(args[0], file=sys.stderr)); "
    script += "from edgekit.cli.main import main; main(sys.argv[1:])"
    opened = {}
    for arguments in (["--help"], ["check", "nowhere"], ["explain", list_codes()[0]]):
        python = command_line()[0]
        done = subprocess.run([python, "-c", script, *arguments], capture_output=True, text=True, env=environment())
        opened[arguments[0]] = [line for line in done.stderr.splitlines() if "entries" in line and line.endswith(".md")]
    assert [opened["--help"], opened["check"], len(opened["explain"])] == [[], [], 1]

"""The one place that catches: exit status, and what is shown of an error; colour, quiet, help."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

import edgekit.cli.checking
from edgekit import __version__
from edgekit.cli.main import SECTIONS
from edgekit.cli.main import edgekit as commands
from tests.cli.command import command_line, environment, run, run_process, write_shop


def paths(command: click.Command, name: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """A command and all below it."""
    found = [name]
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for below in command.list_commands(context):
                inner = command.get_command(context, below)
                assert inner is not None
                found += paths(inner, (*name, below))
    return found


ALL = paths(commands)


def test_help_groups_the_commands() -> None:
    done = run("--help")
    assert done.status == 0
    assert re.findall(r"^(\w+):$", done.text, re.MULTILINE)[1:] == list(SECTIONS)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help_with_examples(path: tuple[str, ...]) -> None:
    done = run(*path, "--help")
    assert done.status == 0
    assert re.search(rf"^  .*edgekit {' '.join(path)}", done.text, re.MULTILINE)
    assert max(map(len, done.text.splitlines())) <= 80


def test_the_version_is_told() -> None:
    assert run("--version").text == f"edgekit {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [["bild"], ["build", "--jobs", "0"], ["build", "--nope"], ["build", "a", "b"], ["serve", "--port", "x"]],
)
def test_wrong_usage_ends_with_2_and_shows_the_usage(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith("Usage: edgekit")
    assert "Error: " in done.err


@pytest.mark.parametrize("error", [ZeroDivisionError("secret"), MemoryError(), RecursionError(), AssertionError()])
def test_a_bug_ends_with_70_and_a_report(
    shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def fail(site: object, build_time: object) -> None:
        raise error

    monkeypatch.setattr(edgekit.cli.checking, "load_site", fail)
    done = run("check")
    assert (done.status, done.out) == (70, b"")
    (report,) = tmp_path.glob("edgekit-*.txt")
    name = type(error).__name__
    expected = f"edgekit: a bug of edgekit's own ({name}): please report it, with the traceback in {report}\n"
    assert done.err == expected
    assert "Traceback (most recent call last)" in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_ends_with_130(shop: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(site: object, build_time: object) -> None:
        raise error

    monkeypatch.setattr(edgekit.cli.checking, "load_site", fail)
    done = run("check")
    assert (done.status, done.err.strip()) == (130, "")


def test_an_interrupted_import_ends_with_130_and_imports_nothing(built: Path) -> None:
    with subprocess.Popen(
        command_line("users", "import", "-"), stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdin is not None
        # Once the pipe is read the command runs, and waits for more.
        process.stdin.write(b'{"id": "u9"}\n' * 20_000)
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        assert process.stderr is not None
        error = process.stderr.read()
    assert (process.returncode, b"Traceback" in error) == (130, False)
    assert run("users", "get", "u9").status == 1


def test_a_reader_that_leaves_ends_the_command_quietly(built: Path) -> None:
    users = b"".join(b'{"id": "x%d", "name": "%s"}\n' % (number, b"n" * 1_000) for number in range(2_000))
    assert run("users", "import", "-", stdin=users).status == 0
    with subprocess.Popen(
        command_line("users", "export"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        error = process.stderr.read()
    assert (process.returncode, error) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has it")
def test_a_full_disk_behind_stdout_is_one_line(built: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command_line("users", "export"), stdout=full, stderr=subprocess.PIPE, env=environment(), timeout=60
        )
    assert (done.returncode, done.stderr) == (2, b"edgekit: No space left on device\n")


def test_output_is_utf8_whatever_the_locale(built: Path) -> None:
    run("users", "put", "u3", '{"name": "Łukasz 😀"}')
    done = run_process("users", "get", "u3", cwd=built, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONCOERCECLOCALE="0")
    assert "Łukasz 😀" in done.text


def on_terminal(*arguments: str, cwd: Path, **changes: str) -> str:
    """What a command shows when its stdout and stderr are a terminal."""
    ours, theirs = pty.openpty()
    fcntl.fcntl(ours, fcntl.F_SETFL, 0)
    with subprocess.Popen(
        command_line(*arguments), cwd=cwd, stdout=theirs, stderr=theirs, env=environment(TERM="xterm", **changes)
    ) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux: the terminal is gone when the command is
            while piece := os.read(ours, 65_536):
                shown += piece
        process.wait()
    os.close(ours)
    return shown.decode()


def test_colour_is_for_terminals_that_want_it(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": "{{ user.name|upper }}"})
    assert "\x1b[31mEK202" in on_terminal("check", cwd=shop)
    colour = re.compile(r"\x1b\[[0-9;]*m")
    assert not colour.search(on_terminal("check", "-q", cwd=shop, NO_COLOR="1"))
    assert not colour.search(on_terminal("check", "-q", "--no-color", cwd=shop))
    assert b"\x1b" not in run_process("check", cwd=shop).out


def test_progress_is_for_terminals(shop: Path) -> None:
    assert "compiling" in on_terminal("build", cwd=shop)
    assert "compiling" not in on_terminal("build", "--quiet", cwd=shop)
    assert "compiling" not in run_process("build", cwd=shop).err


def test_options_of_output_may_stand_before_the_command(shop: Path) -> None:
    assert run("-q", "check").out == b""


def test_a_configuration_error_is_a_json_object_too(shop: Path) -> None:
    write_shop(shop / "site", {"edgekit.toml": "[sit]\n"})
    done = run("build", "--json")
    assert done.status == 2
    assert [found["code"] for found in done.json["diagnostics"]][-1] == "EK110"
    assert done.err == ""


def test_what_pipes_and_files_get_is_plain(shop: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from edgekit.cli.main import main; sys.exit(main(['check']) or "
         "('rich' in sys.modules))"],
        cwd=shop, env=environment(), capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0

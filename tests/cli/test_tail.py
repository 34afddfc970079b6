"""`edgekit tail`: how events are shown, and a real server's, in terminals and pipes."""

import fcntl
import http.client
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from edgekit.cli.event_lines import EventLines, format_json
from edgekit.replay.response import Log
from edgekit.replay.tail import Dropped, TailEvent
from tests.cli.command import command_line, environment, run, run_process
from tests.replay.serving import running, write_store

EVENT = TailEvent("2026-11-23T10:00:00.123Z", "ok", "/about", 200, "premium", "r1", 1_234, 3, ())
TOKEN = "t0ken" * 7
STYLE = re.compile(r"\x1b\[[0-9;]*m")


def test_columns_are_as_wide_as_the_widest_tier() -> None:
    lines = EventLines(color=False, width=None)
    static = msgspec.structs.replace(EVENT, tier=None, path="/" + "a" * 200)
    assert [lines.format(event) for event in (EVENT, static)] == [
        "10:00:00.123  200  premium   3 reads   1,234 µs  /about",
        "10:00:00.123  200  -         3 reads   1,234 µs  /" + "a" * 200,
    ]


@pytest.mark.parametrize("width", [20, 40, 72, 80, 200])
def test_a_line_fits_the_terminal(width: int) -> None:
    line = EventLines(color=False, width=width).format(msgspec.structs.replace(EVENT, path="/" + "a" * 300))
    assert len(line) == max(width, 21)
    assert line.endswith("a…" if width > 20 else "/…")


def test_a_narrow_terminal_has_time_status_and_path() -> None:
    assert EventLines(color=False, width=40).format(EVENT) == "10:00:00.123  200  /about"


def test_critical_events_say_what_went_wrong_below() -> None:
    logs = (Log("error", "a fault"), Log("warn", "an expiry"))
    event = msgspec.structs.replace(EVENT, outcome="exceededCpu", status=429, logs=logs)
    assert EventLines(color=False, width=40).format(event).split("\n")[1:] == [
        "    exceededCpu",
        "    error: a fault",
        "    warn: an expiry",
    ]


def test_colour_adds_nothing_else() -> None:
    event = msgspec.structs.replace(EVENT, logs=(Log("error", "a fault"),))
    colored = EventLines(color=True, width=90).format(event)
    assert "\x1b[32m200\x1b[0m" in colored
    assert STYLE.sub("", colored) == EventLines(color=False, width=90).format(event)


def test_what_was_left_out_is_counted() -> None:
    line = EventLines(color=False, width=None).format(Dropped(12_345))
    assert line == "12,345 events left out: this is too slow for them"


@pytest.mark.parametrize("text", ["\x1b]0;title\x07", "\x9b31m", "\u202eevil", "\n\r", "\U000e0001"])
def test_nothing_that_comes_steers_the_terminal(text: str) -> None:
    event = TailEvent(text * 8, "ok", text, 200, text, text, 0, 0, (Log("error", text),))
    shown = EventLines(color=False, width=None).format(event)
    assert all(line.isprintable() for line in shown.split("\n"))
    assert shown.count("\n") == 1
    line = format_json(event)
    assert line.isprintable()
    assert json.loads(line)["path"] == text


def test_json_stays_readable() -> None:
    assert '"path":"/café/😀"' in format_json(msgspec.structs.replace(EVENT, path="/café/😀"))


PRODUCTION: Final = {"trusted_proxies": ["127.0.0.1/32"], "proxies_named": True}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "edge.lmdb"
    write_store(file, {"pages": {"/about": "about"}, "identity": PRODUCTION})
    return file


def ask_until(port: int, is_enough: Callable[[], bool]) -> None:
    """Ask for a page again and again: nobody tells when a tail has connected."""
    until = time.monotonic() + 30
    while not is_enough():
        assert time.monotonic() < until
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/about")
        assert connection.getresponse().status == 200
        connection.close()


def is_readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0.05)[0])


def test_in_a_pipe_it_is_json_and_ends_with_its_reader(file: Path, tmp_path: Path) -> None:
    with running(file) as (port, _):
        process = subprocess.Popen(
            command_line("tail", "--url", f"http://127.0.0.1:{port}"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        with process:
            assert process.stdout is not None
            output = process.stdout
            ask_until(port, lambda: is_readable(output.fileno()))
            assert json.loads(output.readline())["path"] == "/about"
            output.close()
            ask_until(port, lambda: process.poll() is not None)
            assert process.stderr is not None
            assert (process.returncode, process.stderr.read()) == (0, b"")


def test_in_a_terminal_it_is_lines_until_ctrl_c(file: Path) -> None:
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with running(file, environment={"EDGEKIT_PROXY_SECRET": "s" * 32}, production=True, token=TOKEN) as (port, _):
        process = subprocess.Popen(
            command_line("tail", "--url", f"http://127.0.0.1:{port}"),
            stdout=inside,
            stderr=subprocess.PIPE,
            env=environment(EDGEKIT_ADMIN_TOKEN=TOKEN),
        )
        with process:
            ask_until(port, lambda: is_readable(terminal))
            line = STYLE.sub("", os.read(terminal, 1_000).decode().partition("\r\n")[0])
            assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  200  -      1 read  +[\d,]+ µs  /about", line)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            assert process.stderr is not None
            assert process.stderr.read().strip() == b""
    os.close(terminal)
    os.close(inside)


def test_a_wrong_token_is_an_error(file: Path, tmp_path: Path) -> None:
    with running(file, token=TOKEN) as (port, _):
        done = run_process("tail", "--url", f"http://127.0.0.1:{port}", cwd=tmp_path, EDGEKIT_ADMIN_TOKEN="another")
    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith("EK471 `127.0.0.1` refuses the admin token\n    help: ")


def test_nobody_there_is_an_error() -> None:
    done = run("tail", "--url", "http://127.0.0.1:9")
    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith("EK470 the tail of `http://127.0.0.1:9` cannot be followed: ")


def test_a_sample_is_a_share() -> None:
    assert run("tail", "--sample", "1.5").status == 2

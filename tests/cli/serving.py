"""`edgekit serve` as a process of its own, on a port of its own."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from tests.cli.command import command_line, environment

_PATIENCE: Final = 60
"""Seconds: a server that builds before it answers may take longer than httpx's five, where others build, too."""

get = partial(httpx.get, timeout=_PATIENCE)
stream = partial(httpx.stream, timeout=_PATIENCE)


@contextmanager
def serving(*arguments: str | Path, cwd: Path, **changes: str) -> Iterator[str]:
    """Yields the URL that the server prints once it listens; stops it as Ctrl-C does. `changes`: see `environment`."""
    with subprocess.Popen(
        command_line("serve", *arguments), cwd=cwd, stdout=subprocess.PIPE, env=environment(**changes)
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline().decode()
            assert re.fullmatch(r"http://\S+:\d+\n", line)
            yield line.strip()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    assert process.returncode == 0

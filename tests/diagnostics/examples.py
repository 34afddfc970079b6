"""The examples of the catalogue's entries, and what edgekit says of them.

Both kinds start from the site that `edgekit init` writes. A `site` example is files over it: behind `=== path` a
file's text, behind `=== path +` what is added to it; `../` is the folder that holds the site's. A `console` example is
commands that are typed in the site's folder: `edgekit` runs in this process, with `&` at the end in one of its own, all
else in a shell.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Literal, NamedTuple
from unittest import mock

from edgekit.cli.init import STARTER
from edgekit.compiler.build import compile_site
from edgekit.diagnostics.catalogue import read_entry
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError
from edgekit.project.load import load_site
from tests.cli.command import command_line, environment, run

Side = Literal["bad", "good"]

_FENCE: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
_CODE: Final = re.compile(r"^(?:\S[^ ]*: )?(EK\d{3}) ", re.M)


class Example(NamedTuple):
    """A fenced block of an entry: its kind (`site` or `console`) and text."""

    kind: str
    text: str


def read_examples(code: str, side: Side) -> list[Example]:
    """The fenced blocks under `## Bad` or `## Good`."""
    return [Example(*block) for block in _FENCE.findall(getattr(read_entry(code), side))]


def find_codes(example: Example, folder: Path) -> set[str]:
    """The codes that an example gives in `folder`, which is empty; of a `console` one those of its last command."""
    site = folder / "site"
    shutil.copytree(STARTER, site)
    return _check_site(example.text, site) if example.kind == "site" else _run_commands(example.text, site)


def _check_site(text: str, site: Path) -> set[str]:
    _, *parts = re.split(r"^=== (.*)\n", text, flags=re.M)
    for name, content in zip(parts[::2], parts[1::2], strict=True):
        file = site / name.removesuffix(" +")
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a" if name.endswith(" +") else "w", encoding="utf-8") as opened:
            opened.write(content)
    try:
        found: Sequence[Diagnostic] = compile_site(load_site(site), lambda fragment: None, jobs=1).diagnostics
    except EdgekitError as error:
        found = error.diagnostics
    return {diagnostic.code for diagnostic in found}


def _run_commands(text: str, site: Path) -> set[str]:
    codes: set[str] = set()
    with ExitStack() as stack:
        stack.enter_context(_current_folder(site))
        stack.enter_context(mock.patch("edgekit.cli.serve.serve"))  # it would answer until somebody ends it
        for line in text.splitlines():
            assert line.startswith("$ "), line
            command = line.removeprefix("$ ")
            if not command.startswith("edgekit "):
                subprocess.run(["sh", "-ec", command], check=True, env=_with_python(), timeout=30)
            elif command.endswith(" &"):
                stack.enter_context(_started(shlex.split(command.removesuffix(" &"))[1:]))
            else:
                done = run(*shlex.split(command)[1:])
                codes = set(_CODE.findall(done.text + done.err))
                assert codes or done.status == 0, done
    return codes


@contextmanager
def _current_folder(folder: Path) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _started(arguments: list[str]) -> Iterator[None]:
    """A command that goes on, once it has said something."""
    with subprocess.Popen(command_line(*arguments), stdout=subprocess.PIPE, env=environment()) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield
        finally:
            process.terminate()


def _with_python() -> dict[str, str]:
    """An environment in which `python3` is the Python of the tests."""
    return environment(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

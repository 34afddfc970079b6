"""docs/cli.md holds what each command's `--help` prints; `EDGEKIT_REWRITE_CASES=1` writes it anew."""

import os
import re
from collections.abc import Iterator

import click
from click.testing import CliRunner

from edgekit.cli.main import edgekit
from edgekit.cli.output import Output
from tests.source import ROOT

DOCUMENT = ROOT / "docs" / "cli.md"

HEADING = "\n## edgekit\n"
"""What stands before it is written by hand."""


def command_names(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from command_names(found, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    done = CliRunner().invoke(edgekit, [*path, "--help"], prog_name="edgekit", obj=Output(), terminal_width=100)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def describe_commands() -> str:
    parts = [
        f"\n## {' '.join(('edgekit', *path))}\n\n```text\n{help_of(path)}\n```\n" for path in command_names(edgekit)
    ]
    return "".join(parts)


def test_the_document_holds_what_help_prints() -> None:
    introduction, heading, rest = DOCUMENT.read_text("utf-8").partition(HEADING)
    if os.environ.get("EDGEKIT_REWRITE_CASES"):
        DOCUMENT.write_text(introduction + describe_commands(), "utf-8")
    else:
        assert heading + rest == describe_commands(), "EDGEKIT_REWRITE_CASES=1 writes docs/cli.md anew"


def test_the_readme_lists_every_command() -> None:
    table = (ROOT / "README.md").read_text("utf-8").split("\n## Commands\n")[1].split("\n## ")[0]
    listed = [match.split()[0] for match in re.findall(r"^\| `edgekit ([^`]*)`", table, re.M)]
    assert listed == edgekit.list_commands(click.Context(edgekit))

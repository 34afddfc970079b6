"""`edgekit`: the list of commands, loaded one by one when they are called, and the one place that catches."""

import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Final

import click

from edgekit import __version__
from edgekit.cli.options import Commands, output_options
from edgekit.cli.output import Output
from edgekit.diagnostics.diagnostic import EdgekitError

SECTIONS: Final = {
    "Everyday": {
        "init": "Write a small working site.",
        "serve": "Build if needed and answer requests.",
        "build": "Compile a site and publish it to the store.",
        "check": "Compile a site without publishing it.",
        "diff": "What a build would change, or what differs between two states of a site.",
    },
    "Look": {
        "render": "Print the exact bytes that replay would answer.",
        "explain": "What became of a page and why, or what a code stands for.",
        "tail": "Follow what a running server answers.",
    },
    "Data": {
        "users": "Users' records: import, get, put, delete, export, stats.",
        "segments": "Live fields of a tier: get, put, reset.",
    },
    "Ship": {
        "releases": "Published builds: list, rollback, prune, export, import.",
        "verify": "Check every digest of the store.",
    },
    "More": {
        "schema": "The JSON Schema of edgekit.toml, for editors, or of a diff.",
    },
}
"""Section → command → what it does. A command is `command` in the file of its name."""

BUG: Final = 70
INTERRUPTED: Final = 130


class LazyCommands(Commands):
    """The commands, each imported only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"edgekit.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.list_commands(ctx)))
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), what) for name, what in commands.items()])


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="edgekit %(version)s")
@output_options(json=False)
def edgekit() -> None:
    """Compile personalised pages ahead of time; at request time only look up and replace.

    \b
    edgekit init shop     write a small site
    edgekit serve shop    build it and answer on http://127.0.0.1:1818
    """


def run() -> None:
    """The console script: never returns."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run a command line; returns its exit status. Raises nothing."""
    output = Output()
    status = 0
    try:
        try:
            result = edgekit.main(list(arguments), prog_name="edgekit", standalone_mode=False, obj=output)
            status = result if isinstance(result, int) else 0
        except BaseException as error:
            status = _status(error)
            _show(error, output)
        sys.stdout.flush()
    except OSError as error:
        # Whoever read our output has seen enough, or its disk is full. Python flushes once more at exit: into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            status = _status(error)
            _show(error, output)
    return status


def _status(error: BaseException) -> int:
    match error:
        case EdgekitError():
            return error.status
        case BrokenPipeError() | SystemExit():  # click exits where a pipe is broken: the reader had enough
            return 0
        case click.ClickException() | OSError():
            return 2
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED
    return BUG


def _show(error: BaseException, output: Output) -> None:
    match error:
        case EdgekitError():
            output.diagnostics(error.diagnostics)
        case click.ClickException():
            error.show()
        case BrokenPipeError() | click.Abort() | KeyboardInterrupt() | SystemExit():
            pass
        case OSError():
            name = f" `{error.filename}`" if error.filename is not None else ""
            output.error(f"edgekit: {error.strerror or type(error).__name__}{name}")
        case _:
            bug = f"a bug of edgekit's own ({type(error).__name__})"
            output.error(f"edgekit: {bug}: please report it, with the traceback in {_write_report(error)}")


def _write_report(error: BaseException) -> str:
    """A file with the traceback, readable by its owner only: the values in it may be anybody's."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="edgekit-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(f"edgekit {__version__}, Python {sys.version}, {sys.platform}\n\n")
        file.write("".join(traceback.format_exception(error)))
    return file.name

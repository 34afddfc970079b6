"""What a command shows: data on stdout, all else on stderr; colour and progress only on a terminal.

The only place that knows rich, which is loaded only when there is a terminal to be nice to. Other forms of diagnostics
are loaded when they are asked for, too: `edgekit --help` is to be there at once.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import IO, Any, Final, Literal

from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.json import build_json
from edgekit.diagnostics.text import escape_control, format_count, format_text

Form = Literal["text", "json", "markdown", "html", "github", "sarif"]
"""How a result is written; diagnostics are text where there is no such form of them."""

JSON_VERSION: Final = 1
_REFRESH: Final = 0.1
"""Seconds between two pictures of a progress bar."""


class Output:
    """One command's output, as its options ask for it."""

    def __init__(self) -> None:
        self.form: Form = "text"
        self.quiet = False
        self.verbose = False
        self.color = "NO_COLOR" not in os.environ

    @property
    def json(self) -> bool:
        return self.form == "json"

    def data(self, content: bytes | str) -> None:
        """Exactly these bytes on stdout."""
        left = memoryview(content.encode(errors="backslashreplace") if isinstance(content, str) else content)
        while left:  # with PYTHONUNBUFFERED a write may take a part only: a pipe's does if the process is stopped in it
            left = left[sys.stdout.buffer.write(left) :]

    def line(self, text: str) -> None:
        """A line of a command's result, on stdout."""
        self.data(f"{text}\n")

    def markdown(self, text: str) -> None:
        """A text in Markdown on stdout: laid out on a terminal, elsewhere as it is written."""
        if sys.stdout.isatty():
            _print_markdown(text, color=self.color)
        else:
            self.data(text)

    def outline(self, lines: Sequence[str]) -> None:
        """Lines of text on stdout, in sections: a line at the margin begins one, which a terminal shows."""
        if self.color and sys.stdout.isatty():
            _print_outline(lines)
        else:
            self.line("\n".join(lines))

    def styled(self, lines: Sequence[tuple[str, str]]) -> None:
        """Lines of text on stdout, each with the name of its style, which a terminal shows."""
        if self.color and sys.stdout.isatty():
            _print_lines(lines)
        else:
            self.line("\n".join(text for text, _ in lines))

    def flush(self) -> None:
        """For a command that goes on: what is on stdout so far is to be read now."""
        sys.stdout.flush()

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Columns of text on stdout, the first row their names."""
        shown = [[escape_control(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        for row in shown:
            self.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def object(self, fields: dict[str, Any]) -> None:
        """The one JSON object of `--json`, on stdout, with its version."""
        self.line(json.dumps({"version": JSON_VERSION, **fields}, ensure_ascii=False))

    def report(self, fields: dict[str, Any], text: str) -> None:
        """A command's result: the object with `--json`, else the text, unless `--quiet`."""
        if self.json:
            self.object(fields)
        elif not self.quiet:
            self.line(text)

    def note(self, text: str) -> None:
        """A line about the work, on stderr, unless `--quiet`."""
        if not self.quiet:
            self.error(text)

    def detail(self, text: str) -> None:
        """A line on stderr that only `--verbose` shows."""
        if self.verbose:
            self.error(text)

    def error(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")

    def diagnostics(self, found: Iterable[Diagnostic], *, asked: bool = False) -> None:
        """Diagnostics: text with their count on stderr (on stdout if they are what was `asked` for), else by form."""
        found = list(found)
        folder = os.getcwd()
        match self.form:
            case "json":
                self.object(build_json(found, folder))
            case "github":
                from edgekit.diagnostics.github import format_github

                self.data("".join(f"{format_github(diagnostic, folder)}\n" for diagnostic in found))
            case "sarif":
                from edgekit.diagnostics.sarif import build_sarif

                self.line(json.dumps(build_sarif(found, folder)))
            case "text" | "markdown" | "html":
                lines = [line for diagnostic in found for line in format_text(diagnostic, folder)]
                if len(found) > 1:
                    lines.append(format_count(found))
                self._text(lines, asked)

    def _text(self, lines: list[str], asked: bool) -> None:
        stream = sys.stdout if asked else sys.stderr
        if self.color and stream.isatty():
            _print_styled(lines, stream)
        elif asked:
            self.line("\n".join(lines))
        else:
            self.error("\n".join(lines))

    def warnings(self, found: Sequence[Diagnostic]) -> None:
        """Warnings of a command that goes on, on stderr unless `--quiet`; with `--json` they are part of its object."""
        if found and not self.json and not self.quiet:
            self.diagnostics(found)

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """A progress bar on stderr, if that is a terminal; yields the function to tell (done, all)."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda done, total: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        console = Console(stderr=True, no_color=not self.color)
        # No thread of its own: the compiler forks.
        with Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
            task = bar.add_task(what, total=None)
            shown = 0.0

            def tell(done: int, total: int) -> None:
                nonlocal shown
                bar.update(task, completed=done, total=total)
                if (now := time.monotonic()) - shown >= _REFRESH:
                    shown = now
                    bar.refresh()

            yield tell


@contextmanager
def divert_prints() -> Iterator[None]:
    """While the site's own Python runs: what it prints goes to stderr, for stdout is for data."""
    with redirect_stdout(sys.stderr):
        yield


def _print_styled(lines: list[str], file: IO[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=file, highlight=False, soft_wrap=True)
    for line in lines:
        text = Text(line)
        text.highlight_regex(r"^[^ ]\S*:(?= EK\d)", "bold")
        text.highlight_regex(r"\bEK\d{3}\b", "red")
        text.highlight_regex(r"^    help:", "cyan")
        console.print(text)


_STYLES: Final = {
    "heading": "bold",
    "added": "green",
    "changed": "yellow",
    "removed": "red",
    "danger": "bold red",
    "quiet": "dim",
}


def _print_lines(lines: Sequence[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for text, style in lines:
        console.print(Text(text, style=_STYLES.get(style, "")))


def _print_outline(lines: Sequence[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for line in lines:
        text = Text(line)
        text.highlight_regex(r"^\S.*", "bold")
        text.highlight_regex(r"[^\s`]+:\d+(?=\s|$)", "cyan")
        text.highlight_regex(r"(?<!\{)\{[A-Z][A-Z0-9_]*(?::[a-z]+)?\}", "green")
        text.highlight_regex(r"\{\{.*?\}\}|\{%.*?%\}", "yellow")
        console.print(text)


def _print_markdown(text: str, *, color: bool) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    Console(file=sys.stdout, no_color=not color).print(Markdown(text))

"""A finding as data, and the exception that stops a command with findings."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Severity = Literal["error", "warning"]


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """One finding.

    `file` is a path that the current process can open, or None; `line` counts from 1; `pages` are page paths, sorted;
    `source` is the text of the line. Values in `message` stand in backticks; `help` says what to do.
    """

    code: str
    message: str
    help: str
    severity: Severity = "error"
    file: str | None = None
    line: int | None = None
    pages: tuple[str, ...] = ()
    source: str | None = None


class EdgekitError(Exception):
    """Stops a command. `status` is its exit status: 1 for findings, 2 for usage, configuration and I/O."""

    def __init__(self, diagnostics: Iterable[Diagnostic], status: Literal[1, 2] = 2) -> None:
        self.diagnostics = tuple(diagnostics)
        self.status = status
        super().__init__("; ".join(f"{d.code} {d.message}" for d in self.diagnostics))


def failure(
    code: str, message: str, *, help: str, file: str | None = None, line: int | None = None, status: Literal[1, 2] = 2
) -> EdgekitError:
    """An EdgekitError with one diagnostic, for `raise failure(…)`."""
    return EdgekitError([Diagnostic(code=code, message=message, help=help, file=file, line=line)], status)


def merge_diagnostics(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """One diagnostic for one cause: equal but for their pages become one that lists all pages; sorted by place."""
    pages: dict[tuple[object, ...], set[str]] = {}
    first: dict[tuple[object, ...], Diagnostic] = {}
    for d in found:
        cause = (d.file or "", d.line or 0, d.code, d.severity, d.message)
        first.setdefault(cause, d)
        pages.setdefault(cause, set()).update(d.pages)
    return [
        msgspec.structs.replace(first[cause], pages=tuple(sorted(pages[cause])))
        for cause in sorted(first, key=lambda c: tuple(map(str, (c[0], f"{c[1]:09}", *c[2:]))))
    ]

"""Diagnostics as people read them (contract, section 10): place, code and message, the source line, the way out."""

import os
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from edgekit.diagnostics.diagnostic import Diagnostic

_LONGEST_SOURCE = 160
"""Characters of a source line; minified files have longer ones than anybody reads."""


def format_text(diagnostic: Diagnostic, folder: str) -> list[str]:
    """The lines of a diagnostic: `site/pages/cart.html:12: EK203 …`, the source line if it is known, `help: …`.

    `folder` is what the file's name is made relative to.
    """
    place = ""
    if diagnostic.file is not None:
        place = escape_control(relative_file(diagnostic.file, folder))
        place += f":{diagnostic.line}: " if diagnostic.line else ": "
    warning = "warning: " if diagnostic.severity == "warning" else ""
    lines = [f"{place}{diagnostic.code} {warning}{format_message(diagnostic)}"]
    if source := (diagnostic.source or "").strip():
        lines.append("    " + escape_control(source[:_LONGEST_SOURCE]) + ("…" if len(source) > _LONGEST_SOURCE else ""))
    lines.append(f"    help: {escape_control(diagnostic.help)}")
    return lines


def format_message(diagnostic: Diagnostic) -> str:
    """What is wrong, and in how many other pages; in which page, if it is one and its file does not tell."""
    more = ""
    if (others := len(diagnostic.pages) - 1) > 0:
        more = f" (and in {format_amount(others, 'other page')})"
    elif diagnostic.pages and diagnostic.file is not None and not _names(diagnostic.file, diagnostic.pages[0]):
        more = f" (in `{diagnostic.pages[0]}`)"
    return escape_control(diagnostic.message + more)


def _names(file: str, page: str) -> bool:
    """Does the name of a file say which page it makes? A layout's does not, and neither does `[slug].html`'s."""
    return PurePath(file).stem in ("index", page.rpartition("/")[2])


def format_count(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    counts = ((severities.count(severity), severity) for severity in ("error", "warning"))
    return ", ".join(format_amount(count, severity) for count, severity in counts if count)


def format_amount(count: int, noun: str) -> str:
    """`1 page`, `2,000 pages`: for a noun whose plural ends in s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def format_pages(paths: Sequence[str]) -> str:
    """Of several pages the first: ``the page `/about` and 2 other pages``."""
    others = len(paths) - 1
    return f"the page `{paths[0]}`" + (f" and {format_amount(others, 'other page')}" if others else "")


def relative_file(file: str, folder: str) -> str:
    """`file` as editors and GitHub need it: relative to `folder`, with slashes; a relative one as it is."""
    return os.path.relpath(file, folder).replace(os.sep, "/") if os.path.isabs(file) else file


def escape_control(text: str) -> str:
    """What comes from files must not steer a terminal, nor show itself in another order than it has."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

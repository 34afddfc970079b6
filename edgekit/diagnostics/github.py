"""Diagnostics as GitHub Actions shows them beside the lines of a pull request: workflow commands.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from edgekit.diagnostics.catalogue import read_entry
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.text import escape_control, format_message, relative_file


def format_github(diagnostic: Diagnostic, folder: str) -> str:
    """One line: `::error file=site/pages/cart.html,line=12,title=EK203: …::message`, then `help: …` as its second line.

    `folder` is what the file's name is made relative to: GitHub takes it for the root of the repository.
    """
    properties = {}
    if diagnostic.file is not None:
        properties["file"] = escape_control(relative_file(diagnostic.file, folder))
    if diagnostic.line is not None:
        properties["line"] = str(diagnostic.line)
    properties["title"] = f"{diagnostic.code}: {read_entry(diagnostic.code).title}"
    written = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
    message = f"{format_message(diagnostic)}\nhelp: {escape_control(diagnostic.help)}"
    return f"::{diagnostic.severity} {written}::{_escape(message)}"


def _escape(text: str) -> str:
    """As the toolkit's `escapeData` does."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    """As the toolkit's `escapeProperty` does."""
    return _escape(text).replace(":", "%3A").replace(",", "%2C")

"""Diagnostics as programs read them: the JSON form of the contract, section 10."""

from collections.abc import Iterable
from typing import Any

from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.text import relative_file


def build_json(diagnostics: Iterable[Diagnostic], folder: str) -> dict[str, Any]:
    """`{"diagnostics": [{"code", "severity", "message", "file", "line", "help", "pages"}]}`, JSON-able; the command
    that prints it adds the version.

    `folder` is what names of files are made relative to.
    """
    return {
        "diagnostics": [
            {
                "code": diagnostic.code,
                "severity": diagnostic.severity,
                "message": diagnostic.message,
                "file": None if diagnostic.file is None else relative_file(diagnostic.file, folder),
                "line": diagnostic.line,
                "help": diagnostic.help,
                "pages": list(diagnostic.pages),
            }
            for diagnostic in diagnostics
        ]
    }

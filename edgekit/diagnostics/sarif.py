"""Diagnostics as code scanning services read them: SARIF 2.1.0 (OASIS standard)."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from edgekit import __version__
from edgekit.diagnostics.catalogue import format_entry, read_entry
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.text import escape_control, format_message, relative_file

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT: Final = "%SRCROOT%"
"""What paths are relative to, by the name that services know (section 3.4.4)."""


def build_sarif(diagnostics: Iterable[Diagnostic], folder: str) -> dict[str, Any]:
    """A log with one run, JSON-able: a result for each diagnostic, and a rule for each code among them.

    `folder` is what names of files are made relative to; the log does not name it, for it is somebody's machine.
    """
    found = list(diagnostics)
    codes = sorted({diagnostic.code for diagnostic in found})
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "edgekit",
                        "version": __version__,
                        "rules": [_build_rule(code) for code in codes],
                    }
                },
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The folder in which edgekit was run: the repository's root."}}
                },
                "columnKind": "unicodeCodePoints",
                "results": [_build_result(diagnostic, codes.index(diagnostic.code), folder) for diagnostic in found],
            }
        ],
    }


def _build_rule(code: str) -> dict[str, Any]:
    entry = read_entry(code)
    help = format_entry(entry)
    return {
        "id": code,
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": " ".join(entry.why.split())},
        "help": {"text": help, "markdown": help},
    }


def _build_result(diagnostic: Diagnostic, rule: int, folder: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": f"{format_message(diagnostic)}\nhelp: {escape_control(diagnostic.help)}"},
        "properties": {"pages": list(diagnostic.pages)},
    }
    if diagnostic.file is not None:
        result["locations"] = [{"physicalLocation": _build_location(diagnostic, diagnostic.file, folder)}]
    return result


def _build_location(diagnostic: Diagnostic, file: str, folder: str) -> dict[str, Any]:
    path = relative_file(file, folder).encode(errors="surrogateescape")
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(path), "uriBaseId": _ROOT}}
    if diagnostic.line is not None:
        location["region"] = {"startLine": diagnostic.line}
        if diagnostic.source is not None:
            location["region"]["snippet"] = {"text": diagnostic.source}
    return location

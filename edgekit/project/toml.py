"""A TOML file: its content, and the line on which a key stands (for diagnostics; `tomllib` does not tell)."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from edgekit.diagnostics.diagnostic import Severity
from edgekit.project.files import read_text
from edgekit.project.problems import Problems

_PLACE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

_KEY: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_STATEMENT: Final = re.compile(rf"{_KEY}(?:\s*\.\s*{_KEY})*\s*=")
"""A key may hold a `=`, if it is quoted."""


@dataclass(frozen=True, slots=True)
class TomlFile:
    file: Path
    text: str
    content: dict[str, Any]


def read_toml(file: Path, limit: int, problems: Problems) -> TomlFile | None:
    """The parsed file; None, with a problem noted, where it cannot be read."""
    text = read_text(file, limit, problems)
    if text is None:
        return None
    try:
        return TomlFile(file, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = int(place[1] or text.count("\n") + 1) if place else None
        why, help = _explain(_PLACE.sub("", str(error)), text, line)
        source = text.split("\n")[line - 1].rstrip("\r") if line else None
    except (RecursionError, ValueError) as error:  # ValueError: an integer of more digits than Python converts
        line, source, help = None, None, "make it flatter, or the number smaller"
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    problems.add(
        "EK106",
        f"`{file.name}` is no TOML: {why[0].lower()}{why[1:]}",
        help=help,
        file=file,
        line=line,
        source=source,
    )
    return None


def _explain(why: str, text: str, line: int | None) -> tuple[str, str]:
    """What `tomllib` says of a line, in the words of who wrote it, and the way out."""
    if twice := re.fullmatch(r"Cannot declare \((.*)\) twice", why):
        keys = re.findall(r"'([^']*)'", twice[1])
        first = line_of(text, keys)
        return f"`[{format_key(keys)}]` stands twice, first in line {first}", "merge the two, or rename one"
    if why == "Cannot overwrite a value":
        return "its key stands twice", "remove one of the two lines"
    if why == "Invalid value":
        return "what stands behind the `=` is no value", "put text in quotes; numbers, `true` and `false` have none"
    if why.startswith("Expected '=' after a key"):
        return "a key is followed by something else than `=`", "write `key = value`, or a table's name as `[name]`"
    return why, "mend the syntax (https://toml.io shows it)"


def note(
    problems: Problems,
    toml: TomlFile,
    keys: Sequence[str],
    code: str,
    message: str,
    *,
    help: str,
    severity: Severity = "error",
) -> None:
    """Note a problem of the value under `keys`, with its line."""
    line = line_of(toml.text, keys)
    source = toml.text.split("\n")[line - 1].rstrip("\r") if line else None
    problems.add(code, message, help=help, file=toml.file, line=line, source=source, severity=severity)


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """The line (from 1) on which the key is first written, else that of the innermost table above it, else None.

    Reads line by line, so what stands in an inline table has the line of that table's key.
    """
    wanted = tuple(keys)
    begun, whole = _key_lines(text)
    if wanted in begun:
        return begun[wanted]
    above = (wanted[:depth] for depth in range(len(wanted) - 1, 0, -1))
    return next((whole[path] for path in above if path in whole), None)


@lru_cache(maxsize=4)
def _key_lines(text: str) -> tuple[dict[tuple[str, ...], int], dict[tuple[str, ...], int]]:
    """The first line of each key, tables that it names in passing included; and of each key that is written whole."""
    begun: dict[tuple[str, ...], int] = {}
    whole: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        written = line.strip()
        if written.startswith("["):
            table = path = _key_path(written)
        elif statement := _STATEMENT.match(written):
            path = table + _key_path(f"{statement[0]} 0")
        else:
            continue
        whole.setdefault(path, number)
        for depth in range(1, len(path) + 1):
            begun.setdefault(path[:depth], number)
    return begun, whole


def _key_path(statement: str) -> tuple[str, ...]:
    """The keys of one header or one `key = value`; none where it is something else, or goes on in the next line."""
    try:
        content: Any = tomllib.loads(statement)
    except ValueError:
        return ()
    path = []
    while content and isinstance(content, dict | list):
        if isinstance(content, list):
            content = content[0]
        else:
            key, content = next(iter(content.items()))
            path.append(key)
    return tuple(path)


def format_key(keys: Sequence[str]) -> str:
    """A dotted key as TOML writes it: `pages."product/[sku].html".each`."""
    return ".".join(key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"' for key in keys)

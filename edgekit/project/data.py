"""`data/*.toml|json|csv`: the site's frozen data, one name a file."""

import csv
import io
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from edgekit.diagnostics.text import format_amount
from edgekit.project.files import list_files, read_text
from edgekit.project.frozen import FrozenDict, freeze
from edgekit.project.problems import Problems
from edgekit.project.toml import read_toml

FOLDER: Final = "data"
MAX_DATA_BYTES: Final = 256 * 1024 * 1024
"""Of one file: a hundred thousand products of 2 KB each, and some room."""

_TAKEN: Final = frozenset(name for name in dir(dict) if not name.startswith("_"))
"""`data.items` in a template is the dict's method, as in any Jinja."""


def read_data(root: Path, problems: Problems) -> FrozenDict:
    """A file's name without ending → its frozen content; files with problems are left out, the problems noted."""
    data: dict[str, Any] = {}
    files: dict[str, str] = {}
    for name, file in list_files(root, FOLDER, problems, deep=False):
        if file.suffix not in {".toml", ".json", ".csv"}:
            continue
        if file.stem in files:
            problems.add(
                "EK140",
                f"`data/{name}` and `data/{files[file.stem]}` are both `data.{file.stem}`",
                help="rename one of them",
                file=file,
            )
            continue
        files[file.stem] = name
        if file.stem in _TAKEN:
            problems.add(
                "EK141",
                f"`data.{file.stem}` is a method of every dict, so no template can read `data/{name}`",
                help="rename the file",
                file=file,
            )
            continue
        try:
            content = _read(file, problems)
            if content is not None:
                data[file.stem] = freeze(content)
        except RecursionError:
            problems.add("EK107", f"`data/{name}` is nested too deeply", help="make the data flatter", file=file)
    return FrozenDict(data)


def _read(file: Path, problems: Problems) -> Any:
    """The content of a data file; None, with a problem noted, where it is malformed."""
    if file.suffix == ".toml":
        toml = read_toml(file, MAX_DATA_BYTES, problems)
        return toml and toml.content
    text = read_text(file, MAX_DATA_BYTES, problems)
    if text is None:
        return None
    return _read_json(file, text, problems) if file.suffix == ".json" else _read_csv(file, text, problems)


def _read_json(file: Path, text: str, problems: Problems) -> Any:
    try:
        content = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        why = str(error).removeprefix("JSON is malformed: ")
        byte = re.search(r" \(byte (\d+)\)", why)
        line = text.encode()[: int(byte[1])].count(b"\n") + 1 if byte else None
        if why == "Input data was truncated":
            why, line = "it ends too early", text.rstrip().count("\n") + 1
        problems.add(
            "EK107",
            f"`{file.name}` is no JSON: {why.removesuffix(byte[0]) if byte else why}",
            help="mend this line, or the one before it" if line else "mend the value",
            file=file,
            line=line,
            source=text.split("\n")[line - 1].rstrip("\r") if line else None,
        )
        return None
    if content is None:
        problems.add("EK107", f"`{file.name}` holds only `null`", help="write a list or an object", file=file)
    return content


def _read_csv(file: Path, text: str, problems: Problems) -> list[dict[str, str]] | None:
    """A table a row; the first row names the columns. Empty lines are skipped."""

    def refuse(why: str, line: int) -> None:
        problems.add("EK107", f"`{file.name}` is no table: {why}", help="mend the row", file=file, line=line)

    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, [])
        if not header or "" in header or len(set(header)) < len(header):
            refuse("its first row must name every column, each name once", 1)
            return None
        table = []
        for row in rows:
            if row and len(row) != len(header):
                refuse(f"a row has {format_amount(len(row), 'cell')}, the first row {len(header)}", rows.line_num)
                return None
            if row:
                table.append(dict(zip(header, row, strict=True)))
    except csv.Error as error:
        refuse(str(error), rows.line_num)
        return None
    return table

"""`each` and `as` of edgekit.toml: a list of tables in the data, and the name that templates have for one of them."""

import os
import re
from pathlib import Path
from typing import Any, Final

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.project.frozen import FrozenDict
from edgekit.project.problems import Problems
from edgekit.project.toml import TomlFile, note

_VARIABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_OURS: Final = ("user", "segment", "request", "page", "tier", "data", "site", "asset", "build_time")
_JINJAS: Final = (
    "self",
    "super",
    "caller",
    "varargs",
    "kwargs",
    "loop",
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
)
TAKEN: Final = frozenset((*_OURS, *_JINJAS))
"""Names that edgekit or Jinja binds in a template."""


def is_item_name(name: str) -> bool:
    """Can templates know an item by this name?"""
    return bool(_VARIABLE.fullmatch(name)) and name not in TAKEN


def read_items(
    each: str, data: FrozenDict, keys: tuple[str, ...], code: str, toml: TomlFile, problems: Problems
) -> list[FrozenDict]:
    """The list that `data.<file>.<key>…` names; empty, with a problem of `code` noted at `keys`, if it names none."""
    root, *names = each.split(".")
    if root != "data" or not names:
        near = did_you_mean(f"data.{each}", [f"data.{name}" for name in data])
        message = f"`{each}` does not begin with `data.`{near}"
        note(problems, toml, keys, code, message, help="write `data.<file name>`, and `.<key>` for each step into it")
        return []
    value: Any = data
    for name in names:
        if not isinstance(value, dict) or name not in value:
            known = sorted(value) if isinstance(value, dict) else []
            if value is not data or not _is_broken_file(toml.file.parent, name):
                note(
                    problems,
                    toml,
                    keys,
                    code,
                    f"`{each}` names no data{did_you_mean(name, known)}",
                    help="write `data.<file name>`, and `.<key>` for each step into it",
                )
            return []
        value = value[name]
    if not _is_list_of_tables(value):
        lists = (
            [f"`{each}.{key}`" for key, inner in value.items() if _is_list_of_tables(inner)]
            if isinstance(value, dict)
            else []
        )
        help = f"name a list of tables, such as {lists[0]}" if lists else "name a list of tables"
        note(problems, toml, keys, code, f"`{each}` is no list of tables", help=help)
        return []
    if not value:
        message = f"`{each}` is empty, so nothing is made of its items"
        note(problems, toml, keys, "EK802", message, help="see why there are no data", severity="warning")
    items: list[FrozenDict] = value
    return items


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _is_broken_file(root: Path, stem: str) -> bool:
    """Is there such a data file? Then it was left out for a problem that is noted already."""
    return any(os.path.exists(root / "data" / f"{stem}{ending}") for ending in (".toml", ".json", ".csv"))

"""`islands/*.html` and `[islands]`: sections of pages that are compiled apart, and the items that list slots print."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.island import NAME, island_path
from edgekit.model.keys import MAX_KEY_BYTES, page_key
from edgekit.project.config import IslandTable
from edgekit.project.files import list_files
from edgekit.project.frozen import FrozenDict
from edgekit.project.items import is_item_name, read_items
from edgekit.project.problems import Problems
from edgekit.project.site import Island, Page
from edgekit.project.toml import TomlFile, note

FOLDER: Final = "islands"
_CHARACTERS: Final = "letters, digits, `.`, `_`, `~` and `-`"


def read_islands(
    root: Path,
    tables: Mapping[str, IslandTable],
    data: FrozenDict,
    tiers: tuple[str, ...],
    toml: TomlFile,
    problems: Problems,
) -> dict[str, Island]:
    """Name → island, sorted by name; those with problems are left out, the problems noted.

    `data` may lack the files that could not be read: their problems are noted already.
    """
    files = {
        name.removesuffix(".html"): file for name, file in list_files(root, FOLDER, problems) if name.endswith(".html")
    }
    for name in tables:
        if name not in files:
            message = f"there is no island `{FOLDER}/{name}.html`{did_you_mean(name, files)}"
            help = "write its template there, or name one that is there, without its ending"
            note(problems, toml, ("islands", name), "EK151", message, help=help)
    longest = max((page_key("", tier) for tier in tiers), key=len, default="")
    islands: dict[str, Island] = {}
    for name, file in sorted(files.items()):
        if fault := _name_fault(name) or _length_fault(island_path(name), longest):
            message = f"`{FOLDER}/{name}.html` cannot be an island: {fault}"
            problems.add("EK150", message, help="rename the file", file=file)
            continue
        template = f"{FOLDER}/{name}.html"
        table = tables.get(name)
        if table is None:
            islands[name] = Island(name, Page(island_path(name), template, FrozenDict(), island=name))
            continue
        before = len(problems.errors)
        items = _read_items(name, table, template, data, longest, toml, problems)
        if len(problems.errors) == before:
            islands[name] = Island(name, items=items)
    return islands


def _read_items(
    name: str,
    table: IslandTable,
    template: str,
    data: FrozenDict,
    longest: str,
    toml: TomlFile,
    problems: Problems,
) -> dict[str, Page]:
    """The items by their keys; of wrong ones the first is noted: the others most likely have the same fault."""
    keys = ("islands", name)
    for key, example in (("each", "data.products"), ("key", "sku")):
        if key not in toml.content["islands"][name]:
            message = f"`islands.{name}.{key}` is missing: its template is made once for each item of a list"
            note(problems, toml, (*keys, key), "EK112", message, help=f'add `{key} = "{example}"`, or remove the table')
    if not is_item_name(table.item_name):
        note(
            problems,
            toml,
            (*keys, "as"),
            "EK145",
            f"the item of `{template}` cannot be called `{table.item_name}`",
            help="choose a name of letters, digits and `_` that edgekit and Jinja do not use, such as `product`",
        )
    if not table.each or not table.key:
        return {}
    items: dict[str, Page] = {}
    for number, item in enumerate(read_items(table.each, data, (*keys, "each"), "EK152", toml, problems), 1):
        fault = _key_fault(item, table.key)
        key = "" if fault else str(item[table.key])
        path = island_path(name, key)
        if fault is None and key in items:
            fault = f"has the `{table.key}` `{key}`, which another item has too"
        if fault := fault or _length_fault(path, longest):
            help = f"every item needs a `{table.key}` of its own, of {_CHARACTERS}: list slots name items by it"
            note(problems, toml, (*keys, "key"), "EK153", f"item {number} of `{table.each}` {fault}", help=help)
            break
        items[key] = Page(path, template, FrozenDict(), table.item_name, item, island=name)
    return dict(sorted(items.items()))


def _key_fault(item: FrozenDict, field: str) -> str | None:
    if field not in item:
        return f"has no `{field}`{did_you_mean(field, item)}"
    value = item[field]
    if isinstance(value, bool) or not isinstance(value, str | int):
        return f"has a `{field}` that is neither a string nor an integer"
    fault = _name_fault(str(value))
    return f"has the `{field}` `{str(value)[:50]}`: {fault}" if fault else None


def _name_fault(name: str) -> str | None:
    return None if NAME.fullmatch(name) else f"names and keys are made of {_CHARACTERS}, and are not `.` or `..`"


def _length_fault(path: str, key_suffix: str) -> str | None:
    if len((path + key_suffix).encode()) <= MAX_KEY_BYTES:
        return None
    return f"with the tier's name it would be longer than a store's key, {MAX_KEY_BYTES} bytes"

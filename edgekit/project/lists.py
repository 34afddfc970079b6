"""A list slot of `[slots]`: it prints an item of an island for each of a user's values (contract, section 6)."""

import os
from collections.abc import Mapping
from typing import Final

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.slot import KNOWN, Slot
from edgekit.project.config import SlotTable
from edgekit.project.problems import Problems
from edgekit.project.site import Island
from edgekit.project.toml import TomlFile, note

MAX_ITEMS: Final = 100
"""Each item is a look-up, and replay looks at up to four values for each."""

ISLAND_HELP: Final = 'write `island = "product-card"`, the name of an island with `each`'


def read_list(name: str, table: SlotTable, islands: Mapping[str, Island], toml: TomlFile, problems: Problems) -> Slot:
    """The list slot `name`, whose table has an `island`; what is wrong with it is noted, but for its source's form.

    `islands` may lack those with problems, which are noted already.
    """
    written = toml.content["slots"][name]

    def refuse(key: str, message: str, help: str) -> None:
        note(problems, toml, ("slots", name, key), "EK137", message, help=help)

    for key in ("type", "max_length", "choices"):
        if key in written:
            refuse(key, f"slot `{name}` prints items, so `{key}` means nothing", f"remove `{key}`")
    root = table.source.partition(".")[0]
    if root in ("segment", "request") or table.source in (KNOWN, "user.id"):
        help = "read a field of the user's record that holds a list of keys, such as `user.recs`"
        refuse("from", f"slot `{name}` prints items, but `{table.source}` is never a list", help)
    if "max_items" not in written:
        help = f"say how many items are shown at most, 1 to {MAX_ITEMS}"
        note(problems, toml, ("slots", name, "max_items"), "EK112", f"slot `{name}` has no `max_items`", help=help)
    elif table.max_items is not None and not 1 <= table.max_items <= MAX_ITEMS:
        refuse("max_items", f"`max_items` of slot `{name}` is `{table.max_items}`", f"write 1 to {MAX_ITEMS}")
    if table.island:
        _check_island(name, "island", table.island, True, islands, toml, problems)
    if "default" not in written:
        help = "name the island that is shown when none of the user's items is there"
        note(problems, toml, ("slots", name, "default"), "EK112", f"slot `{name}` has no `default`", help=help)
    elif not isinstance(table.default, str):
        refuse("default", f"the default of slot `{name}` is no name of an island", "name a file of `islands/`")
    else:
        _check_island(name, "default", table.default, False, islands, toml, problems)
    default = table.default if isinstance(table.default, str) else None
    return Slot(name=name, source=table.source, default=default, island=table.island, max_items=table.max_items or 0)


def _check_island(
    name: str,
    key: str,
    island: str,
    with_items: bool,
    islands: Mapping[str, Island],
    toml: TomlFile,
    problems: Problems,
) -> None:
    keys = ("slots", name, key)
    if island not in islands:
        if os.path.isfile(toml.file.parent / "islands" / f"{island}.html"):
            return  # it was left out for a problem that is noted already
        near = did_you_mean(island, [known for known, other in islands.items() if (other.page is None) == with_items])
        message = f"`{key}` of slot `{name}` names `{island}`, and there is no such island{near}"
        note(problems, toml, keys, "EK137", message, help=f"write its template, `islands/{island}.html`")
    elif with_items and islands[island].page is not None:
        message = f"`island` of slot `{name}` names `{island}`, which has no items"
        help = f"""give it items: `[islands."{island}"]` with `each = "data.<list of tables>"` and `key`"""
        note(problems, toml, keys, "EK137", message, help=help)
    elif not with_items and islands[island].page is None:
        message = f"`default` of slot `{name}` names `{island}`, which has items: nothing says which to show"
        note(problems, toml, keys, "EK137", message, help="name an island without `each`")

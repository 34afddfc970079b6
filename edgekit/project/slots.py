"""`[slots]` of edgekit.toml: the declared slots, checked against the rules of the contract (sections 3 and 12)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.fragment.values import Value, accept, describe_values
from edgekit.model.placeholder import NAME
from edgekit.model.slot import KNOWN, Slot
from edgekit.project.choices import read_choices
from edgekit.project.config import SlotTable
from edgekit.project.frozen import FrozenDict
from edgekit.project.lists import ISLAND_HELP, read_list
from edgekit.project.problems import Problems
from edgekit.project.site import Island
from edgekit.project.sources import check_source
from edgekit.project.toml import TomlFile, note

MAX_SLOT_LENGTH: Final = 16_384
"""Code points: a user's record has at most 16 KiB, so no value of its can be longer."""


def read_slots(
    tables: Mapping[str, SlotTable],
    tiers: Mapping[str, tuple[TomlFile, FrozenDict]],
    islands: Mapping[str, Island],
    toml: TomlFile,
    problems: Problems,
) -> dict[str, Slot]:
    """Name → slot, sorted by name; slots with problems are left out, the problems noted."""
    slots: dict[str, Slot] = {}
    by_source: dict[str, str] = {}
    for name, table in sorted(tables.items()):
        before = len(problems.errors)
        _check_name(name, toml, problems)
        check_source(name, table.source, by_source, toml, problems)
        by_source.setdefault(table.source, name)
        if "island" in toml.content["slots"][name]:
            slot = read_list(name, table, islands, toml, problems)
            if len(problems.errors) == before:
                slots[name] = slot
            continue
        if table.max_items is not None:
            message = f"slot `{name}` has `max_items`, but no `island` whose items it would print"
            note(problems, toml, ("slots", name, "max_items"), "EK137", message, help=ISLAND_HELP)
        choices = read_choices(name, table, toml, problems)
        if table.source == KNOWN:
            slot = Slot(name=name, source=KNOWN, choices=choices)
        else:
            _check_max_length(name, table, toml, problems)
            slot = Slot(name=name, source=table.source, type=table.type, max_length=table.max_length, choices=choices)
            if slot.root == "segment":
                _check_tiers(slot, table, tiers, toml, problems)
            else:
                slot = msgspec.structs.replace(slot, default=_read_default(slot, table, toml, problems))
        if len(problems.errors) == before:
            slots[name] = slot
    return slots


def _check_name(name: str, toml: TomlFile, problems: Problems) -> None:
    if not NAME.fullmatch(name) or len(name) > 100:
        note(
            problems,
            toml,
            ("slots", name),
            "EK130",
            f"`{name}` is no name of a slot",
            help="write capital letters, digits and `_`, a letter first, such as `USER_NAME`",
        )


def _check_max_length(name: str, table: SlotTable, toml: TomlFile, problems: Problems) -> None:
    keys = ("slots", name, "max_length")
    written = toml.content["slots"][name]
    if table.type == "integer" or "choices" in written:
        if table.max_length is not None:
            kind = "is an integer" if table.type == "integer" else "has `choices`"
            note(
                problems,
                toml,
                keys,
                "EK133",
                f"slot `{name}` {kind}, so `max_length` means nothing",
                help="remove `max_length`",
            )
    elif "max_length" not in written:
        note(
            problems,
            toml,
            keys,
            "EK112",
            f"slot `{name}` has no `max_length`",
            help="say how many code points its value may have, or list the allowed values; "
            "any other is replaced by the default",
        )
    elif table.max_length is not None and not 1 <= table.max_length <= MAX_SLOT_LENGTH:
        note(
            problems,
            toml,
            keys,
            "EK133",
            f"`max_length` of slot `{name}` is `{table.max_length}`",
            help=f"write 1 to {MAX_SLOT_LENGTH}",
        )


def _read_default(slot: Slot, table: SlotTable, toml: TomlFile, problems: Problems) -> Value | None:
    keys = ("slots", slot.name, "default")
    if "default" not in toml.content["slots"][slot.name]:
        note(
            problems,
            toml,
            keys,
            "EK112",
            f"slot `{slot.name}` has no `default`",
            help="say what is shown when the value is missing or not one that the slot takes",
        )
        return None
    default = accept(slot, table.default)
    if default is None:
        note(
            problems,
            toml,
            keys,
            "EK134",
            f"the default of slot `{slot.name}` is not {describe_values(slot)}"
            f"{did_you_mean(str(table.default), slot.choices)}",
            help="write a default that the slot itself takes",
        )
    return default


def _check_tiers(
    slot: Slot,
    table: SlotTable,
    tiers: Mapping[str, tuple[TomlFile, FrozenDict]],
    toml: TomlFile,
    problems: Problems,
) -> None:
    """A live field's default is the tier file's own value, which every tier must have."""
    field = slot.field
    if table.default is not None:
        note(
            problems,
            toml,
            ("slots", slot.name, "default"),
            "EK134",
            f"slot `{slot.name}` is a live field: its default is each tier's own `{field}`",
            help=f"remove `default` and set `{field}` in every file of `segments/`",
        )
    for tier, (file, content) in tiers.items():
        if field not in content:
            note(
                problems,
                file,
                (field,),
                "EK135",
                f"tier `{tier}` has no `{field}`, which slot `{slot.name}` prints{did_you_mean(field, content)}",
                help=f"add `{field}` to the file",
            )
        elif accept(slot, content[field]) is None:
            note(
                problems,
                file,
                (field,),
                "EK135",
                f"`{field}` of tier `{tier}` is not {describe_values(slot)}, but slot `{slot.name}` prints it"
                f"{did_you_mean(str(content[field]), slot.choices)}",
                help=f"change the value, or what slot `{slot.name}` takes in `{toml.file.name}`",
            )

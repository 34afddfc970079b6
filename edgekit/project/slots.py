"""`[slots]` of edgekit.toml: the declared slots, checked against the rules of the contract (sections 3 and 12)."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.fragment.values import Value, accept
from edgekit.model.placeholder import NAME
from edgekit.model.slot import Slot
from edgekit.project.config import TOKEN, SlotTable
from edgekit.project.frozen import FrozenDict
from edgekit.project.problems import Problems
from edgekit.project.toml import TomlFile, note

MAX_SLOT_LENGTH: Final = 16_384
"""Code points: a user's record has at most 16 KiB, so no value of its can be longer."""

_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_SOURCES: Final = {
    "user": _FIELD,
    "segment": _FIELD,
    "request.query": re.compile(r"[^\x00-\x1f\x7f]{1,100}"),
    "request.cookie": TOKEN,
    "request.header": re.compile(TOKEN.pattern.replace("A-Z", "")),  # names of headers compare without case
}
"""What a source begins with → the names that may follow."""

_SOURCE_HELP: Final = (
    "write `user.<field>`, `segment.<field>`, `request.path`, `request.host`, `request.query.<name>`, "
    "`request.cookie.<name>` or `request.header.<name in lower case>`"
)


def read_slots(
    tables: Mapping[str, SlotTable],
    tiers: Mapping[str, tuple[TomlFile, FrozenDict]],
    toml: TomlFile,
    problems: Problems,
) -> dict[str, Slot]:
    """Name → slot, sorted by name; slots with problems are left out, the problems noted."""
    slots: dict[str, Slot] = {}
    by_source: dict[str, str] = {}
    for name, table in sorted(tables.items()):
        before = len(problems.found)
        _check_name(name, toml, problems)
        _check_source(name, table, by_source, toml, problems)
        _check_max_length(name, table, toml, problems)
        by_source.setdefault(table.source, name)
        slot = Slot(name=name, source=table.source, type=table.type, max_length=table.max_length)
        if slot.root == "segment":
            _check_tiers(slot, table, tiers, toml, problems)
        else:
            slot = msgspec.structs.replace(slot, default=_read_default(slot, table, toml, problems))
        if len(problems.found) == before:
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


def _check_source(
    name: str, table: SlotTable, by_source: Mapping[str, str], toml: TomlFile, problems: Problems
) -> None:
    keys = ("slots", name, "from")
    source = table.source
    written = toml.content["slots"][name]
    if "from" not in written:
        note(problems, toml, keys, "EK112", f"slot `{name}` does not say where its value comes from", help=_SOURCE_HELP)
    elif source in {"user.tier", "user.known"}:
        why = "is frozen: a fragment is made for one tier" if source == "user.tier" else "is not a value of the record"
        note(
            problems,
            toml,
            keys,
            "EK131",
            f"slot `{name}` reads `{source}`, which {why}",
            help="use `tier` in the template" if source == "user.tier" else "declare the field you want to print",
        )
    elif source and not _is_source(source):
        kinds = [*_SOURCES, "request.path", "request.host"]
        near = did_you_mean(source, kinds)
        note(
            problems,
            toml,
            keys,
            "EK131",
            f"slot `{name}` reads `{source}`, which nothing gives{near}",
            help=_SOURCE_HELP,
        )
    elif source and source in by_source:
        note(
            problems,
            toml,
            keys,
            "EK132",
            f"slots `{by_source[source]}` and `{name}` both read `{source}`",
            help=f"remove one: templates write `{{{{ {source} }}}}` and get the same slot either way",
        )


def _is_source(source: str) -> bool:
    if source in {"request.path", "request.host"}:
        return True
    for root, names in _SOURCES.items():
        if source.startswith(f"{root}."):
            return bool(names.fullmatch(source.removeprefix(f"{root}.")))
    return False


def _check_max_length(name: str, table: SlotTable, toml: TomlFile, problems: Problems) -> None:
    keys = ("slots", name, "max_length")
    if table.type == "integer":
        if table.max_length is not None:
            note(
                problems,
                toml,
                keys,
                "EK133",
                f"slot `{name}` is an integer, so `max_length` means nothing",
                help="remove `max_length`",
            )
    elif "max_length" not in toml.content["slots"][name]:
        note(
            problems,
            toml,
            keys,
            "EK112",
            f"slot `{name}` has no `max_length`",
            help="say how many code points its value may have; a longer one is replaced by the default",
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
            help="say what is shown when the value is missing, too long or of the wrong type",
        )
        return None
    default = accept(slot, table.default)
    if default is None:
        note(
            problems,
            toml,
            keys,
            "EK134",
            f"the default of slot `{slot.name}` is not {_kind(slot)}",
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
                f"`{field}` of tier `{tier}` is not {_kind(slot)}, but slot `{slot.name}` prints it",
                help=f"change the value, or the slot's `type` or `max_length` in `{toml.file.name}`",
            )


def _kind(slot: Slot) -> str:
    """What the slot takes, in words."""
    if slot.type == "integer":
        return "an integer within ±(2^53−1)"
    return f"a string of at most {slot.max_length} code points"

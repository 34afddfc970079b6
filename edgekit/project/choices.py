"""The `choices` of a slot: a short list of values on which templates may branch (contract, section 4)."""

from typing import Final

from edgekit.model.slot import BOOLEANS, KNOWN
from edgekit.project.config import SlotTable
from edgekit.project.problems import Problems
from edgekit.project.toml import TomlFile, note

MAX_CHOICE_BYTES: Final = 256
"""Of one value as UTF-8. It stands percent-encoded in every fragment that branches on the slot."""


def read_choices(name: str, table: SlotTable, toml: TomlFile, problems: Problems) -> tuple[str, ...]:
    """The choices of slot `name`, none if it has no list of them; what is wrong with them is noted."""
    if table.source == KNOWN:
        _check_known(name, table, toml, problems)
        return BOOLEANS
    if "choices" in toml.content["slots"][name] and (why := _find_fault(table)):
        help = "list the allowed values, each once: a template is compiled once for each of them"
        note(problems, toml, ("slots", name, "choices"), "EK136", f"`choices` of slot `{name}` {why}", help=help)
    return table.choices or ()


def _find_fault(table: SlotTable) -> str | None:
    if table.choices is None:  # it is no list of strings, which is noted already
        return None
    if table.type == "integer":
        return "are strings, but the slot is an integer"
    if not table.choices:
        return "are an empty list"
    for number, choice in enumerate(table.choices):
        if len(choice.encode()) > MAX_CHOICE_BYTES:
            return f"hold `{choice[:20]}…`, which has more than {MAX_CHOICE_BYTES} bytes"
        if choice in table.choices[:number]:
            return f"hold `{choice}` twice"
    return None


def _check_known(name: str, table: SlotTable, toml: TomlFile, problems: Problems) -> None:
    written = toml.content["slots"][name]
    for key in ("default", "max_length", "type"):
        if key in written:
            why = "it is true for who has a record, else false"
            note(
                problems,
                toml,
                ("slots", name, key),
                "EK136",
                f"slot `{name}` reads `{KNOWN}`, so `{key}` means nothing: {why}",
                help=f"remove `{key}`",
            )
    if table.choices is not None and sorted(table.choices) != sorted(BOOLEANS):
        note(
            problems,
            toml,
            ("slots", name, "choices"),
            "EK136",
            f"`choices` of slot `{name}` are not those of `{KNOWN}`",
            help='write `choices = ["true", "false"]`, or leave it out',
        )

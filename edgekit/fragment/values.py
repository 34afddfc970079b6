"""Which values a slot takes: section 3 of the contract, "Slot values".

A string is well-formed Unicode of at most `max_length` code points, or with `choices` one of them. An integer is a JSON
number that is integral and within ±(2^53−1) once it is read as an IEEE double, so that Python and JavaScript print the
same. `user.known` is a boolean. Anything else is the slot's default.
A list slot takes a JSON list: of its first values those that can be keys of items.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from edgekit.model.island import NAME
from edgekit.model.slot import BOOLEANS, KNOWN, MAX_INTEGER, Slot

Value = str | int | tuple[str, ...]
"""A slot's value: what the oracle binds (for `user.known` a bool); a fragment is filled with `format_value` of it.

A list slot's value are keys of items; replay shows those that have a fragment, at most `max_items`.
"""

TRIED_PER_ITEM: Final = 4
"""How many values of a list are looked at for each item that may be shown (contract, section 6)."""

_INTEGER: Final = re.compile(r"-?[0-9]{1,16}")


def is_well_formed(text: str) -> bool:
    """Can `text` be written as UTF-8, that is, has it no lone surrogate?"""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def accept(slot: Slot, raw: object) -> Value | None:
    """The slot's value of a JSON value as Python reads it, or None if the slot takes no such value."""
    if slot.island:
        return item_keys(slot, raw) if isinstance(raw, list) else None
    if slot.type == "integer":
        return _accept_integer(raw)
    if slot.choices:
        if slot.source == KNOWN:
            return raw if isinstance(raw, bool) else None
        return raw if isinstance(raw, str) and raw in slot.choices else None
    if not isinstance(raw, str) or (slot.max_length is not None and len(raw) > slot.max_length):
        return None
    return raw if is_well_formed(raw) else None


def item_keys(slot: Slot, raw: object) -> tuple[str, ...]:
    """The keys of items that a list slot finds in a JSON value: none in what is no list."""
    tried = raw[: TRIED_PER_ITEM * slot.max_items] if isinstance(raw, list) else ()
    return tuple([value for value in tried if isinstance(value, str) and NAME.fullmatch(value)])


def accept_text(slot: Slot, text: str | None) -> Value | None:
    """The slot's value of a part of the request, which is always text; None if there is none or the slot refuses it."""
    if text is None or slot.type == "string":
        return accept(slot, text)
    return _accept_integer(int(text)) if _INTEGER.fullmatch(text) else None


def longest_value(slot: Slot) -> int:
    """The code points of the longest value that the slot takes."""
    if slot.type == "integer":
        return len(format_value(-MAX_INTEGER))
    return max(map(len, slot.choices)) if slot.choices else slot.max_length or 0


def default_value(slot: Slot, tier: Mapping[str, Any]) -> Value:
    """The value where the source gives none; for a live field that of the tier's file, `tier`, for a list slot no keys.

    Raises ValueError if there is none that the slot takes: a project with such a slot does not load.
    """
    if slot.source == KNOWN:
        return False
    if slot.island:
        return ()
    value = accept(slot, tier.get(slot.field) if slot.root == "segment" else slot.default)
    if value is None:
        raise ValueError(f"slot {slot.name} has no default that it takes itself")
    return value


def normalise(slot: Slot, raw: object, default: Value) -> str:
    """What a fragment is filled with for a JSON value of `user.*` or `segment.*`."""
    value = accept(slot, raw)
    return format_value(default if value is None else value)


def format_value(value: Value) -> str:
    """What a fragment is filled with for a value; for a boolean its choice."""
    return BOOLEANS[not value] if isinstance(value, bool) else str(value)


def describe_values(slot: Slot) -> str:
    """What the slot takes, in words."""
    if slot.type == "integer":
        return "an integer within ±(2^53−1)"
    if slot.choices:
        return f"one of {', '.join(f'`{choice}`' for choice in slot.choices)}"
    return f"a string of at most {slot.max_length} code points"


def _accept_integer(raw: object) -> int | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    if not abs(raw) <= MAX_INTEGER:  # written so that it refuses NaN, too, which TOML has
        return None
    return int(raw) if raw == int(raw) else None

"""A user's record as the values of a release's `user.*` slots.

One typed decoder reads, checks and picks the values in one call: it knows each slot's type, length and choices. What it
refuses is read again slot by slot, so both ways find the same values (a test compares them).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from operator import attrgetter
from typing import Annotated, Any, Final, Literal

import msgspec

from edgekit.fragment.record import decode_record
from edgekit.fragment.values import accept, default_value, format_value
from edgekit.model.slot import KNOWN, MAX_INTEGER, Slot
from edgekit.replay.identity.identified import Identified

User = Any
"""A record made by `Users.decode`: `tier` (a string or None), and a value by the name of each `user.*` slot.

A list slot has what the record has, whatever it is: `item_keys` reads it on pages that show the list.
"""


_TOLD_BY_ID: Final = frozenset({"id"})
_TOLD_BY_CLAIMS: Final = frozenset({"id", "known"})


def told_fields(found: Identified) -> Set[str]:
    """The user's fields that are known without the record."""
    return found.claims.keys() | _TOLD_BY_CLAIMS if found.claims else _TOLD_BY_ID


class Users:
    """Decodes records; `guest` has all defaults."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        """Raises ValueError if a slot has no default."""
        self._slots = [slot for slot in slots if slot.root == "user"]
        self._type: Callable[..., User] = msgspec.defstruct(
            "User",
            [("tier", str | None, None), *((slot.name, _type(slot), default_value(slot, {})) for slot in self._slots)],
            rename={slot.name: slot.field for slot in self._slots},
        )
        self._decode: Callable[[bytes], User] = msgspec.json.Decoder(self._type).decode
        self._id = next((slot for slot in self._slots if slot.field == "id"), None)
        self._known = next((slot.name for slot in self._slots if slot.source == KNOWN), None)
        self.guest: User = self._type()

    def decode(self, record: bytes | None, found: Identified) -> User:
        """The user; all defaults without a record and claims, which win over it, whatever they are.

        `user.id` is the identified id and `user.known` tells whether there is one of them, whatever the record says.

        Raises ValueError if the record is damaged.
        """
        try:
            user = self._type() if record is None else self._decode(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            user = self._decode_with_care(decode_record(record or b""))
        if found.claims:
            self._overlay(user, found.claims)
        if self._id is not None:
            setattr(user, self._id.name, _value(self._id, found.id))
        if self._known is not None:
            setattr(user, self._known, record is not None or bool(found.claims))
        return user

    def _overlay(self, user: User, claims: Mapping[str, Any]) -> None:
        for slot in self._slots:
            if slot.field in claims:
                setattr(user, slot.name, _value(slot, claims[slot.field]))
        if "tier" in claims:
            user.tier = _tier(claims["tier"])

    def _decode_with_care(self, record: Mapping[str, Any]) -> User:
        values = {slot.name: _value(slot, record.get(slot.field)) for slot in self._slots}
        return self._type(tier=_tier(record.get("tier")), **values)


def user_texts(slots: Sequence[Slot]) -> Callable[[User], Iterable[str]]:
    """How to read from a user what a fragment with these `user.*` slots, in this order, is filled with."""
    read = _read_values([slot.name for slot in slots])
    no_text = [number for number, slot in enumerate(slots) if slot.type == "integer" or slot.source == KNOWN]
    if not no_text:
        return read

    def read_texts(user: User) -> list[str]:
        texts = [*read(user)]
        for number in no_text:
            texts[number] = format_value(texts[number])
        return texts

    return read_texts


def _read_values(names: Sequence[str]) -> Callable[[User], Iterable[Any]]:
    if len(names) > 1:  # with one name, `attrgetter` gives a value and no tuple
        return attrgetter(*names)
    return lambda user: [getattr(user, name) for name in names]


def _type(slot: Slot) -> Any:
    if slot.source == KNOWN or slot.island:  # a record's own `known` means nothing; a list is read where it is shown
        return Any
    if slot.choices:
        return Literal[slot.choices]
    if slot.type == "integer":
        return Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
    return Annotated[str, msgspec.Meta(max_length=slot.max_length)]


def _tier(raw: object) -> str | None:
    return raw if isinstance(raw, str) else None


def _value(slot: Slot, raw: object) -> object:
    if slot.island:
        return raw
    value = accept(slot, raw)
    return default_value(slot, {}) if value is None else value

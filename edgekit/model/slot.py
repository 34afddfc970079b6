"""A slot: a value known only at request time, as `[slots]` of edgekit.toml declares it."""

from typing import Final, Literal

import msgspec

SlotType = Literal["string", "integer"]

KNOWN: Final = "user.known"
"""The source that says whether a record was found: true or false."""

BOOLEANS: Final = ("true", "false")
"""The choices of `user.known`, as a fragment writes them."""

MAX_INTEGER: Final = 2**53 - 1
"""Integers that an IEEE double holds exactly, so that Python and JavaScript print the same bytes."""


class Slot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One declared slot.

    `source` is written `from` in TOML and JSON: `user.<field>`, `segment.<field>`, `request.path`, `request.host`,
    `request.query.<name>`, `request.cookie.<name>` or `request.header.<name>`; `user.known` is a boolean.
    `default` is None for `segment.<field>` only: there each tier's own value is the default.
    `max_length` counts code points; None for integers and for slots with `choices`, which take nothing else.
    A list slot has an `island`, of which it prints an item for each of at most `max_items` of its values; its `default`
    is the name of the island that is shown when nothing is left.
    """

    name: str
    source: str = msgspec.field(name="from")
    type: SlotType = "string"
    default: str | int | None = None
    max_length: int | None = None
    choices: tuple[str, ...] = ()
    island: str = ""
    max_items: int = 0

    @property
    def root(self) -> str:
        """`user`, `segment` or `request`."""
        return self.source.partition(".")[0]

    @property
    def field(self) -> str:
        """What follows the root: `name`, `query.q`."""
        return self.source.partition(".")[2]

"""An explanation as data, as `edgekit explain --json` prints it.

A `file` is relative to the folder that the explanation was made for, lines count from 1, sizes are bytes and fuel is
nanoseconds of CPU at worst.
"""

from typing import Literal

import msgspec

from edgekit.model.keys import Namespace
from edgekit.model.manifest import Delivery
from edgekit.model.placeholder import Encoding

Kind = Literal["page", "island", "item"]

ReadKind = Literal["slot", "tier", "clock", "template", "asset", "island"]
"""`tier` is its name or a frozen field of it; `island` one that a page fetches or places."""


class Source(msgspec.Struct, frozen=True):
    """A line of a template, and the tag on it that is meant."""

    file: str
    line: int
    expression: str | None = None


class Read(msgspec.Struct, frozen=True):
    """What a template reads, and where, in the order of the render; nowhere, if the render itself asks for it."""

    kind: ReadKind
    name: str
    places: tuple[Source, ...]


class Cause(msgspec.Struct, frozen=True):
    """A read that makes an answer as private as it is: the page's own or, with its name, that of an island in it."""

    name: str
    place: Source | None
    island: str | None = None


class Use(msgspec.Struct, frozen=True):
    """Where a slot is written: in the text of an element, or in an attribute of it; items stand in no element."""

    slot: str
    source: str
    encoding: Encoding
    element: str | None
    attribute: str | None
    place: Source | None


class Choices(msgspec.Struct, frozen=True):
    """A choice slot that the page decides by."""

    slot: str
    source: str
    values: tuple[str, ...]


class Body(msgspec.Struct, frozen=True):
    """A fragment: the tiers that share it, where it is stored, and how many alternatives stand in it."""

    tiers: tuple[str, ...]
    namespace: Namespace
    keys: tuple[str, ...]
    digest: str
    bytes: int
    alternatives: int


class Side(msgspec.Struct, frozen=True):
    """What some tiers' fragment has where others differ, and the template line that made it."""

    tiers: tuple[str, ...]
    place: Source | None
    text: str


class Difference(msgspec.Struct, frozen=True):
    """The first byte in which the fragments of tiers differ."""

    at: int
    sides: tuple[Side, ...]


class LookUp(msgspec.Struct, frozen=True):
    """Keys that are looked up for an answer, at most so many; `{id}`, `{tier}`, `{key}` stand for the visitor's."""

    namespace: Namespace
    key: str
    most: int


class FuelPart(msgspec.Struct, frozen=True):
    """What would be saved without a part of the page."""

    what: str
    fuel: int


class TierFuel(msgspec.Struct, frozen=True):
    """The fuel of an answer for a tier."""

    tier: str
    fuel: int
    parts: tuple[FuelPart, ...]


class Size(msgspec.Struct, frozen=True):
    """Bytes of several fragments."""

    least: int
    most: int


class HeldIsland(msgspec.Struct, frozen=True):
    """An island of the page."""

    name: str
    mode: Literal["edge", "client"]
    delivery: Delivery
    because: tuple[Cause, ...]
    places: tuple[Source, ...]
    bytes: Size


class HeldList(msgspec.Struct, frozen=True):
    """A list slot of the page, or of an island in it: what it prints."""

    slot: str
    source: str
    within: str | None
    items_of: str
    items: int
    max_items: int
    default: str
    bytes: Size


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a page, island or item is what it is.

    `delivery` counts the islands in it; `asserted` is what `[pages."…"]` says. `variants` is the number of renders for
    a tier. `difference` is None if all tiers have one fragment, or only one is explained. An item has no answer of its
    own, so neither look-ups nor fuel. `held_by` are the paths of the pages that hold the island or show its items.
    """

    path: str
    kind: Kind
    file: str
    delivery: Delivery
    asserted: Delivery | None
    because: tuple[Cause, ...]
    reads: tuple[Read, ...]
    slots: tuple[Use, ...]
    choices: tuple[Choices, ...]
    variants: int
    fragments: tuple[Body, ...]
    difference: Difference | None
    lookups: tuple[LookUp, ...]
    fuel: tuple[TierFuel, ...]
    cpu_ms: int
    islands: tuple[HeldIsland, ...]
    lists: tuple[HeldList, ...]
    held_by: tuple[str, ...]


class Line(msgspec.Struct, frozen=True):
    """A template line that printed something, and those that include it or place its block, from the inside out."""

    place: Source
    within: tuple[Source, ...]


class Occurrence(msgspec.Struct, frozen=True):
    """A text in a page, or in an island or items of it: the lines that printed it, and what stands around it.

    `pages` is the number of pages, for the items of an island have one `path`; `times` how often it stands in the
    variant that has it most often; `tiers` are those that have it.
    """

    path: str
    pages: int
    lines: tuple[Line, ...]
    times: int
    tiers: tuple[str, ...]
    around: str


class Occurrences(msgspec.Struct, frozen=True):
    """Where a text comes from. `written` are other lines of the page's templates that hold it, such as a macro's."""

    text: str
    occurrences: tuple[Occurrence, ...]
    written: tuple[Source, ...]

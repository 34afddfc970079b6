"""Fuel: what a fragment costs at most, counted from what stands in it and never measured (contract, section 8).

One unit is a nanosecond of CPU on a machine like the one that `tests/bench/fuel.py` calibrated the constants on, where
an answer takes at most two thirds of its fuel. The build counts with the longest values a slot takes; a replay whose
clock stands still while it computes counts with those at hand, by the same functions in `fuel.mjs`.

A body counts as one that nobody holds in memory yet: it is read, hashed and cut.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from edgekit.model.placeholder import Encoding

NANOSECONDS: Final = 1_000_000
"""Units of fuel in a millisecond of `cpu_ms`."""

MOST: Final = 10**15
"""Whatever costs more counts as this: eleven days, and a JavaScript number (exact up to 2^53) holds it.

All terms are positive, so a sum below it is exact at every step, and a rounded one is not below it.
"""

REQUEST: Final = 300_000
"""Path, route, headers of an answer."""
CREDENTIAL: Final = 3_300_000
"""Search a head for who asks, and check the signature of a token of 8 KiB; of one that was seen before it is less."""
LOOKUP: Final = 10_000
RECORD: Final = 3_000_000
"""Decode a record of 16 KiB, at worst one that the fast decoder refuses."""
BYTE: Final = 2
"""Read a byte of a body, compare its digest, and cut it."""
TOKEN: Final = 4_000
"""Cut a body at a token, and put a value in its place."""
SLOT: Final = 6_000
"""Read a slot's value, or begin to write it in one encoding."""
SEARCH: Final = 1_300_000
"""Search a request, whose line and headers have at most 64 KiB, for a slot's value."""
READ: Final = 3_300
"""Decode a code point of the request, at worst four bytes escaped as twelve …"""
READABLE: Final = 64 * 1024 // 12
"""… of which a request has at most so many; if they are shorter, each costs less."""
JOIN: Final = 1
"""Write a byte of the answer."""
HASH: Final = 1
"""Hash a byte of it for its ETag, where readers share it."""

POINT: Final[Mapping[Encoding, int]] = MappingProxyType({"": 25, "url": 400, "path": 400, "href": 20, "json": 80})
"""Write a code point of a value in an encoding."""

EXPANSION: Final[Mapping[Encoding, int]] = MappingProxyType({"": 5, "url": 12, "path": 12, "href": 5, "json": 12})
"""The most bytes a code point becomes: `&#34;`, `%F0%9F%8E%89`, `\\ud83c\\udf89`."""

FRAME: Final[Mapping[Encoding, int]] = MappingProxyType({"": 0, "url": 0, "path": 1, "href": 13, "json": 2})
"""The most bytes beside those: `-` for an empty part of a path, `about:invalid`, the quotes of a string."""


class SlotUse(msgspec.Struct, frozen=True):
    """A slot of a fragment: `length` code points at most, and how often it is printed in each encoding.

    `root` is where its value comes from: `user`, `segment` or `request`.
    """

    name: str
    root: str
    length: int
    uses: tuple[tuple[Encoding, int], ...] = ()


class Contents(msgspec.Struct, frozen=True):
    """A fragment for one variant: the body's bytes and tokens (all alternatives'), the variant's slots, and how often
    each of its islands and list slots stands there."""

    bytes: int
    tokens: int = 0
    slots: tuple[SlotUse, ...] = ()
    inserts: tuple[tuple[str, int], ...] = ()


class Fuel(msgspec.Struct, frozen=True):
    """What a fragment costs at most, the bytes it is filled to at most, and whether it has live fields."""

    fuel: int
    bytes: int
    live: bool = False


def fragment_fuel(contents: Contents, inserts: Mapping[str, Fuel], *, shared: bool) -> Fuel:
    """The fuel of a fragment with its look-up, and of the islands and list slots in it, which are in `inserts`.

    `shared`: readers share the answer, so it is hashed.
    """
    fuel = LOOKUP + contents.bytes * BYTE + contents.tokens * TOKEN
    size = contents.bytes
    live = False
    for slot in contents.slots:
        fuel += SLOT + slot.length * POINT[""]
        if slot.root == "request":
            fuel += SEARCH + min(slot.length, READABLE) * READ
        live = live or slot.root == "segment"
        for encoding, times in slot.uses:
            if encoding:
                fuel += SLOT + slot.length * POINT[encoding]
            size += times * (slot.length * EXPANSION[encoding] + FRAME[encoding])
    for name, times in contents.inserts:
        insert = inserts[name]
        fuel += insert.fuel
        size += times * insert.bytes
        live = live or insert.live
    fuel += size * (JOIN + HASH if shared else JOIN)
    return Fuel(min(fuel, MOST), min(size, MOST), live)


def list_fuel(items: Iterable[Fuel], default: Fuel, max_items: int) -> Fuel:
    """The fuel of a list slot: as many of the dearest of `items` as it shows, or `default`.

    Four times as many values are looked up; an item's own look-up is in its fuel. What is shown is joined.
    """
    item = worst(items)
    size = max_items * item.bytes
    shown = max_items * item.fuel + 3 * max_items * LOOKUP + size * JOIN
    empty = default.fuel + 4 * max_items * LOOKUP
    return Fuel(min(max(shown, empty), MOST), min(max(size, default.bytes), MOST), item.live or default.live)


def worst(fuels: Iterable[Fuel]) -> Fuel:
    """The most of each: a fragment's variants, or the items of an island."""
    fuel, size, live = 0, 0, False
    for one in fuels:
        fuel, size, live = max(fuel, one.fuel), max(size, one.bytes), live or one.live
    return Fuel(fuel, size, live)


def request_fuel(fragment: Fuel, *, personal: bool) -> int:
    """The fuel of a request for a fragment.

    `personal`: the page or an island of it is a tier's, so a user is identified and read.
    """
    records = personal + fragment.live
    return min(REQUEST + personal * CREDENTIAL + records * (LOOKUP + RECORD) + fragment.fuel, MOST)

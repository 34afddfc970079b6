"""An explanation as people read it: lines of text, in sections."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from edgekit.compiler.explain.explanation import (
    Cause,
    Explanation,
    HeldIsland,
    HeldList,
    Occurrences,
    Read,
    Size,
    Source,
    Use,
)
from edgekit.diagnostics.text import escape_control, format_amount
from edgekit.fragment.fuel import NANOSECONDS
from edgekit.model.manifest import Delivery
from edgekit.model.placeholder import format_placeholder

Headers = tuple[tuple[str, str], ...]
"""Names and values."""

_SHARED: Final[Mapping[Delivery, str]] = {
    "static": "the same for everybody",
    "segment": "the same for everybody of a tier",
    "user": "each visitor's own",
}

_LONGEST: Final = 72
"""Characters of an expression that are shown."""

_MOST_PARTS: Final = 5
"""Parts of the fuel that are shown: the dearest."""

_MOST_HOLDERS: Final = 8
"""Pages that hold an island that are named; the rest are counted."""

_MOST_NAMES: Final = 4
"""Names in a sentence; the rest are counted."""


def format_explanation(explained: Explanation, headers: Headers) -> list[str]:
    """The lines of an explanation; those that begin a section stand at the margin. `headers` are of the answer."""
    sections = [
        ("Held by", _format_holders(explained)),
        ("Reads", _format_reads(explained)),
        ("Slots", _format_uses(explained.slots)),
        ("Variants", _format_variants(explained)),
        ("Fragments", _format_fragments(explained)),
        ("Islands", _table(map(_format_island, explained.islands))),
        ("Lists", _table(map(_format_list, explained.lists))),
        ("Look-ups", _format_lookups(explained)),
        ("Fuel", _format_fuel(explained)),
        ("Headers", _format_headers(headers)),
    ]
    lines = [*_format_class(explained)]
    for title, content in sections:
        if content:
            lines += ["", title, *(f"  {line}" for line in content)]
    return [escape_control(line) for line in lines]


def format_redirect(path: str, status: int, location: str | None, why: str, headers: Headers) -> list[str]:
    """The lines that say where a path leads; to no `location` if that would be too long."""
    answered = f"is redirected to {location} with {status}" if location is not None else f"is answered with {status}"
    lines = [f"{path} {answered}", f"  {why}", "", "Headers", *(f"  {line}" for line in _format_headers(headers))]
    return [escape_control(line) for line in lines]


def _format_headers(headers: Headers) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]


def format_occurrences(found: Occurrences) -> list[str]:
    """The lines that say where a text of a page comes from."""
    lines: list[str] = []
    for occurrence in found.occurrences:
        times = "once" if occurrence.times == 1 else f"{occurrence.times} times"
        times = f"{times} in each of {occurrence.pages} items" if occurrence.pages > 1 else times
        lines += [
            *([""] if lines else []),
            f"{occurrence.path}: {times}, for {', '.join(occurrence.tiers)}",
            f"  … {occurrence.around} …",
        ]
        for line in occurrence.lines:
            lines.append(f"  printed by {_place(line.place)}")
            lines += [f"    within {_place(outer)}" for outer in line.within]
    if found.written:
        lines += ["", "Also written in"]
        lines += [f"  {_place(place)}" for place in found.written]
    return [escape_control(line) for line in lines]


def _format_class(explained: Explanation) -> Iterator[str]:
    yield f"{explained.path}: class {explained.delivery}, {_SHARED[explained.delivery]}"
    yield f"  made by {explained.file}"
    if not explained.because:
        yield "  because it reads neither the tier nor a slot"
    for island, causes in _by_island(explained.because).items():
        yield f"  {_format_causes(causes, island)}"
    if explained.asserted is not None:
        yield f'  edgekit.toml promises `delivery = "{explained.asserted}"`'


def _by_island(causes: Iterable[Cause]) -> dict[str | None, list[Cause]]:
    grouped: dict[str | None, list[Cause]] = {}
    for cause in causes:
        grouped.setdefault(cause.island, []).append(cause)
    return grouped


def _format_causes(causes: Sequence[Cause], island: str | None) -> str:
    first, *others = causes
    who = f"its island `{island}`" if island is not None else "it"
    more = f"; also {_names([cause.name for cause in others])}" if others else ""
    return f"because {who} reads `{first.name}`{_at(first.place)}{more}"


def _at(place: Source | None) -> str:
    return (
        "" if place is None else f" at {_place(place)}" + (f" {_shorten(place.expression)}" if place.expression else "")
    )


def _names(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(f"`{name}`" for name in names[:_MOST_NAMES]) + rest


def _place(place: Source) -> str:
    return f"{place.file}:{place.line}"


def _shorten(expression: str) -> str:
    return expression if len(expression) <= _LONGEST else expression[: _LONGEST - 1] + "…"


def _format_holders(explained: Explanation) -> list[str]:
    if explained.kind == "page":
        return []
    holders = explained.held_by
    rest = len(holders) - _MOST_HOLDERS
    more = [f"and {format_amount(rest, 'other page')}"] if rest > 0 else []
    return [*holders[:_MOST_HOLDERS], *more] or ["no page"]


_KINDS: Final[Mapping[str, str]] = {"slot": "slot", "tier": "of the tier", "clock": "clock"}


def _format_reads(explained: Explanation) -> list[str]:
    plain = [read for read in explained.reads if read.kind in _KINDS]
    lines = _table(map(_format_read, plain))
    for kind, title in (("template", "templates"), ("asset", "assets")):
        if names := [read.name for read in explained.reads if read.kind == kind]:
            lines += _wrap(f"{title}:", names)
    return lines


def _format_read(read: Read) -> tuple[str, ...]:
    if not read.places:
        return _KINDS[read.kind], read.name
    first, *others = read.places
    more = f"and {len(others)} more" if others else ""
    return _KINDS[read.kind], read.name, _place(first), " ".join(filter(None, [_shorten(first.expression or ""), more]))


def _wrap(title: str, names: Sequence[str], width: int = 110) -> list[str]:
    """Names behind a title, as many on a line as it takes."""
    lines = [title]
    for number, name in enumerate(names):
        name = name + ("," if number + 1 < len(names) else "")
        if len(lines[-1]) + 1 + len(name) > width:
            lines.append(" " * len(title))
        lines[-1] += f" {name}"
    return lines


def _format_uses(uses: Iterable[Use]) -> list[str]:
    return _table(
        (
            format_placeholder(use.slot, use.encoding),
            _standing(use),
            _place(use.place) if use.place else "",
            _shorten(use.place.expression or "") if use.place else "",
        )
        for use in uses
    )


def _standing(use: Use) -> str:
    if use.element is None:
        return "elements"
    return f"text of <{use.element}>" if use.attribute is None else f"{use.attribute} of <{use.element}>"


def _format_variants(explained: Explanation) -> list[str]:
    choices = [f"`{choice.source}`: {', '.join(choice.values)}" for choice in explained.choices]
    return [f"{explained.variants} for each tier", *choices] if choices else []


def _format_fragments(explained: Explanation) -> list[str]:
    lines = _table(
        (
            ", ".join(body.tiers),
            format_amount(body.bytes, "byte"),
            f"{body.alternatives} alternatives" if body.alternatives else "",
            f"{body.namespace} {', '.join(body.keys)}",
        )
        for body in explained.fragments
    )
    tier = [read.name for read in explained.reads if read.kind == "tier"]
    if explained.difference is not None:
        at = f"they differ first at byte {explained.difference.at:,}:"
        lines.append(f"one for each tier, because it reads {_names(tier)}; {at}")
        lines += _table(
            (f"  {', '.join(side.tiers)}", _place(side.place) if side.place else "", side.text)
            for side in explained.difference.sides
        )
    elif tier and len(explained.fragments) == 1 and len(explained.fragments[0].tiers) > 1:
        lines.append(f"it reads {_names(tier)}, but all tiers have the same bytes")
    return lines


def _format_island(island: HeldIsland) -> tuple[str, ...]:
    why = _format_causes(island.because, None) if island.because else ""
    where = ", ".join(map(_place, island.places))
    return island.name, f"{island.mode} mode", island.delivery, _format_size(island.bytes), where, why


def _format_list(held: HeldList) -> tuple[str, ...]:
    within = f"in {held.within}" if held.within else ""
    shown = f"at most {held.max_items} of {format_amount(held.items, 'item')} of {held.items_of}"
    return f"{{{held.slot}}}", within, shown, f"{_format_size(held.bytes)} each", f"else {held.default}"


def _format_size(size: Size) -> str:
    return ("" if size.least == size.most else f"{size.least:,} to ") + format_amount(size.most, "byte")


def _format_lookups(explained: Explanation) -> list[str]:
    if not explained.lookups:
        return []
    total = sum(lookup.most for lookup in explained.lookups)
    rows = [
        (lookup.namespace, lookup.key, f"at most {lookup.most}" if lookup.most > 1 else "")
        for lookup in explained.lookups
    ]
    return [f"at most {total}", *_table(rows)]


def _format_fuel(explained: Explanation) -> list[str]:
    if not explained.fuel:
        return []
    dearest = max(explained.fuel, key=lambda fuel: fuel.fuel)
    parts = sorted(dearest.parts, key=lambda part: -part.fuel)[:_MOST_PARTS]
    tier = f" (tier {dearest.tier})" if len({fuel.fuel for fuel in explained.fuel}) > 1 else ""
    return [
        f"at most {_milliseconds(dearest.fuel)} of {explained.cpu_ms} ms{tier}, the most for:",
        *_table((f"{_milliseconds(part.fuel)} ms", part.what) for part in parts),
    ]


def _milliseconds(fuel: int) -> str:
    return f"{fuel / NANOSECONDS:.2f}"


def _table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns, two spaces apart."""
    found = [tuple(row) for row in rows]
    count = max(map(len, found), default=0)
    filled = [row + ("",) * (count - len(row)) for row in found]
    widths = [max(map(len, column)) for column in zip(*filled, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width).rstrip()
        for row in filled
    ]

"""The one join: a body cut at its tokens and marks, and its bytes with values and inserts in their places.

A plan is made once for a body; filling it looks at no byte of the body again. What is filled in is never scanned.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from markupsafe import escape

from edgekit.fragment.alternatives import Use, read_choices, split
from edgekit.fragment.encodings import ENCODERS
from edgekit.model.fragment import Cut
from edgekit.model.island import MARK
from edgekit.model.placeholder import Encoding
from edgekit.model.slot import Slot

Piece = tuple[str, Encoding | Literal["island"]]
"""What stands between two literals: a slot in an encoding, or the island of that name."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A body without alternatives, cut.

    `slots` are the names of the slots whose values it prints, each once, by root (request, segment, user), then by
    first use: the order of the values that `fill` takes. `islands`, by their marks, and `lists`, the list slots, are
    what it inserts, each once: the order of the inserts that `fill` takes. `parts` are the literals (escaped braces
    resolved) with room for a piece between each two. `order` says which piece stands in each room: pieces are all
    values HTML-escaped in the order of `slots`, one for each of `others`, a value by its index with another encoding,
    and the inserts. `in_order`: each piece stands once, one after the other.
    """

    slots: tuple[str, ...] = ()
    islands: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    parts: tuple[bytes, ...] = ()
    order: tuple[int, ...] = ()
    in_order: bool = False
    others: tuple[tuple[int, Callable[[str], str]], ...] = ()
    choose: "Callable[[Sequence[str]], tuple[Plan, Sequence[str]]] | None" = None
    """With alternatives: the plan of the variant that the values of the choices name, and the values it takes.

    `slots`, `islands` and `lists` are then those of all variants together.
    """


def build_plan(body: bytes, cuts: Iterable[Cut], slots: Mapping[str, Slot]) -> Plan:
    """Cut `body`; a static page has no cuts, and is cut at its marks only.

    Raises ValueError if a cut is not where its token stands, or if a slot is not one of `slots`: the cuts are those of
    another body, or damaged.
    """
    cuts = tuple(cuts)
    choices = read_choices(body, cuts, slots)
    if not choices:
        return _build_flat(*split(body, cuts, {}), slots)
    names, lists = _order((cut.slot for cut in cuts if cut.slot), slots)
    variants: dict[tuple[str, ...], tuple[Plan, list[int]]] = {}
    chosen_at = [names.index(name) for name in choices]

    def choose(values: Sequence[str]) -> tuple[Plan, Sequence[str]]:
        key = tuple([values[index] for index in chosen_at])
        variant = variants.get(key)
        if variant is None:
            _check_chosen(choices, key, slots)
            flat = _build_flat(*split(body, cuts, dict(zip(choices, key, strict=True))), slots)
            variant = variants[key] = flat, [names.index(name) for name in flat.slots]
        return variant[0], [values[index] for index in variant[1]]

    islands = tuple(dict.fromkeys(name.decode() for name in MARK.findall(body)))
    return Plan(slots=names, islands=islands, lists=lists, choose=choose)


def _check_chosen(names: Sequence[str], values: Sequence[str], slots: Mapping[str, Slot]) -> None:
    for name, value in zip(names, values, strict=True):
        if value not in slots[name].choices:
            raise ValueError(f"a value of slot {name} is none of its choices")


def _build_flat(literals: list[bytes], uses: list[Use], slots: Mapping[str, Slot]) -> Plan:
    names, lists = _order((name for name, _ in uses), slots)
    # An integer prints as ASCII digits, which every encoding leaves as they are (and JSON does not quote).
    uses = [(name, "" if slots[name].type == "integer" else encoding) for name, encoding in uses]
    if any(encoding for name, encoding in uses if name in lists):
        raise ValueError("a list slot has an encoding")
    literals, rooms = _cut_at_marks(literals, uses)
    encoded = [(name, encoding) for name, encoding in dict.fromkeys(uses) if encoding]
    islands = tuple(dict.fromkeys(name for name, kind in rooms if kind == "island"))
    pieces: list[Piece] = [(name, "") for name in names]
    pieces += encoded
    pieces += [(name, "island") for name in islands]
    pieces += [(name, "") for name in lists]
    numbers = {piece: number for number, piece in enumerate(pieces)}
    order = [numbers[room] for room in rooms]
    parts = [b""] * (2 * len(rooms) + 1)
    parts[::2] = literals
    return Plan(
        slots=names,
        islands=islands,
        lists=lists,
        parts=tuple(parts),
        order=tuple(order),
        in_order=order == [*range(len(pieces))],
        others=tuple((numbers[name, ""], ENCODERS[encoding]) for name, encoding in encoded),
    )


def _cut_at_marks(literals: Iterable[bytes], uses: Iterable[Use]) -> tuple[list[bytes], list[Piece]]:
    """The literals between placeholders and marks, one more than there are of those, and what stands between them."""
    cut: list[bytes] = []
    rooms: list[Piece] = []
    for literal, use in zip(literals, [*uses, None], strict=True):
        text_and_names = MARK.split(literal)
        cut += text_and_names[::2]
        rooms += [(name.decode(), "island") for name in text_and_names[1::2]]
        if use is not None:
            rooms.append(use)
    return cut, rooms


def _order(names: Iterable[str], slots: Mapping[str, Slot]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of the named slots, each once: those whose values are printed, by their roots, and the list slots."""
    used = dict.fromkeys(names)
    if missing := sorted(used.keys() - slots.keys()):
        raise ValueError(f"slots that are not declared: {', '.join(missing)}")
    printed = sorted((name for name in used if not slots[name].island), key=lambda name: slots[name].root)
    return tuple(printed), tuple(name for name in used if slots[name].island)


def fill(plan: Plan, values: Sequence[str], inserts: Sequence[bytes] = ()) -> bytes:
    """The body with `values` (well-formed Unicode, in the order of `plan.slots`) and `inserts` in their places.

    `inserts` are the bytes for each of `plan.islands`, then for each of `plan.lists`; a plan with alternatives is
    chosen before they are asked for. The value of a choice slot is one of its choices. Raises ValueError if it is none.
    """
    if plan.choose is not None:
        plan, values = plan.choose(values)
    if not plan.order:
        return plan.parts[0]
    # One call escapes all values: NUL is no character that escaping touches, and values hardly ever hold one. If some
    # do, one piece too many says so.
    pieces = escape("\0".join(values)).encode().split(b"\0", len(values))
    if len(pieces) != len(values):
        pieces = [escape(value).encode() for value in values]
    for index, encode in plan.others:
        pieces.append(encode(values[index]).encode())
    if inserts:
        pieces += inserts
    parts = list(plan.parts)
    parts[1::2] = pieces if plan.in_order else map(pieces.__getitem__, plan.order)
    return b"".join(parts)

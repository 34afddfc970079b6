"""The one join: a fragment cut at its tokens, and its bytes with values in their places.

A plan is made once for a body; filling it looks at no byte of the body again. Values are never scanned for tokens.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from markupsafe import escape

from edgekit.fragment.alternatives import Use, read_choices, split
from edgekit.fragment.encodings import ENCODERS
from edgekit.model.fragment import Cut
from edgekit.model.placeholder import Encoding
from edgekit.model.slot import Slot


class Plan(msgspec.Struct, frozen=True):
    """A body without alternatives, cut.

    `slots` are the names of the slots it reads, each once, by root (request, segment, user), then by first use: the
    order of the values that `fill` takes. `parts` are the literals (escaped braces resolved) with room for a value
    between each two. `order` says which piece stands in each room: pieces are all values HTML-escaped in the order of
    `slots`, then one for each of `others`, a value by its index with another encoding. `in_order`: each piece stands
    once, one after the other.
    """

    slots: tuple[str, ...]
    parts: tuple[bytes, ...]
    order: tuple[int, ...]
    in_order: bool
    others: tuple[tuple[int, Callable[[str], str]], ...]
    choose: "Callable[[Sequence[str]], tuple[Plan, Sequence[str]]] | None" = None
    """With alternatives: the plan of the variant that the values of the choices name, and the values it takes."""


def build_plan(body: bytes, cuts: Iterable[Cut], slots: Mapping[str, Slot]) -> Plan:
    """Cut `body`.

    Raises ValueError if a cut is not where its token stands, or if a slot is not one of `slots`: the cuts are those of
    another body, or damaged.
    """
    cuts = tuple(cuts)
    choices = read_choices(body, cuts, slots)
    if not choices:
        return _build_flat(*split(body, cuts, {}), slots)
    names = _order(dict.fromkeys(cut.slot for cut in cuts if cut.slot), slots)
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

    return Plan(names, (), (), False, (), choose)


def _check_chosen(names: Sequence[str], values: Sequence[str], slots: Mapping[str, Slot]) -> None:
    for name, value in zip(names, values, strict=True):
        if value not in slots[name].choices:
            raise ValueError(f"a value of slot {name} is none of its choices")


def _build_flat(literals: list[bytes], uses: list[Use], slots: Mapping[str, Slot]) -> Plan:
    order = _order(dict.fromkeys(name for name, _ in uses), slots)
    pieces: dict[tuple[str, Encoding], int] = {(name, ""): index for index, name in enumerate(order)}
    places = []
    for name, encoding in uses:
        # An integer prints as ASCII digits, which every encoding leaves as they are (and JSON does not quote).
        key: tuple[str, Encoding] = (name, encoding if slots[name].type == "string" else "")
        places.append(pieces.setdefault(key, len(pieces)))
    parts = [b""] * (2 * len(uses) + 1)
    parts[::2] = literals
    others = tuple((pieces[name, ""], ENCODERS[encoding]) for name, encoding in list(pieces)[len(order) :])
    return Plan(order, tuple(parts), tuple(places), places == [*range(len(pieces))], others)


def _order(names: Iterable[str], slots: Mapping[str, Slot]) -> tuple[str, ...]:
    names = list(names)
    if missing := sorted(set(names) - slots.keys()):
        raise ValueError(f"slots that are not declared: {', '.join(missing)}")
    return tuple(sorted(names, key=lambda name: slots[name].root))


def fill(plan: Plan, values: Sequence[str]) -> bytes:
    """The body with `values` (well-formed Unicode, in the order of `plan.slots`) in their places.

    The value of a choice slot is one of its choices. Raises ValueError if it is none of them.
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
    parts = list(plan.parts)
    parts[1::2] = pieces if plan.in_order else map(pieces.__getitem__, plan.order)
    return b"".join(parts)

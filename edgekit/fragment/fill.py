"""The one join: a fragment cut at its tokens, and its bytes with values in their places.

A plan is made once for a body; filling it looks at no byte of the body again. Values are never scanned for tokens.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from markupsafe import escape

from edgekit.fragment.encodings import ENCODERS
from edgekit.model.fragment import Cut
from edgekit.model.placeholder import BRACE, Encoding, format_placeholder
from edgekit.model.slot import Slot


class Plan(msgspec.Struct, frozen=True):
    """A body, cut.

    `slots` are the names of the slots it reads, each once, by root (request, segment, user), then by first use: the
    order of the values that `fill` takes. `parts` are the literals (escaped braces resolved) with room for a value
    between each two. `order` says which piece stands in each room: pieces are all values HTML-escaped in the order of
    `slots`, then one for each of `others`, a value by its index with another encoding. `in_order`: they already stand
    as `order` says.
    """

    slots: tuple[str, ...]
    parts: tuple[bytes, ...]
    order: tuple[int, ...]
    in_order: bool
    others: tuple[tuple[int, Callable[[str], str]], ...]


def build_plan(body: bytes, cuts: Iterable[Cut], slots: Mapping[str, Slot]) -> Plan:
    """Cut `body`.

    Raises ValueError if a cut is not where its token stands, or if a slot is not one of `slots`: the cuts are those of
    another body, or damaged.
    """
    literals, uses = _split(body, cuts)
    names = dict.fromkeys(name for name, _ in uses)
    if not names.keys() <= slots.keys():
        raise ValueError(f"slots that are not declared: {', '.join(sorted(names.keys() - slots.keys()))}")
    order = tuple(sorted(names, key=lambda name: slots[name].root))
    pieces: dict[tuple[str, Encoding], int] = {(name, ""): index for index, name in enumerate(order)}
    places = []
    for name, encoding in uses:
        # An integer prints as ASCII digits, which every encoding leaves as they are (and JSON does not quote).
        key = (name, encoding if slots[name].type == "string" else "")
        places.append(pieces.setdefault(key, len(pieces)))
    parts = [b""] * (2 * len(uses) + 1)
    parts[::2] = literals
    others = tuple((pieces[name, ""], ENCODERS[encoding]) for name, encoding in list(pieces)[len(order) :])
    return Plan(order, tuple(parts), tuple(places), places == [*range(len(pieces))], others)


def fill(plan: Plan, values: Sequence[str]) -> bytes:
    """The body with `values` (well-formed Unicode, in the order of `plan.slots`) in their places."""
    if not plan.order:
        return plan.parts[0]
    # One call escapes all values: NUL is no character that escaping touches, and values hardly ever hold one.
    pieces = escape("\0".join(values)).encode().split(b"\0")
    if len(pieces) != len(values):
        pieces = [escape(value).encode() for value in values]
    for index, encode in plan.others:
        pieces.append(encode(values[index]).encode())
    parts = list(plan.parts)
    parts[1::2] = pieces if plan.in_order else map(pieces.__getitem__, plan.order)
    return b"".join(parts)


def _split(body: bytes, cuts: Iterable[Cut]) -> tuple[list[bytes], list[tuple[str, Encoding]]]:
    """The literals between slots, one more than there are slots, and what stands between them."""
    literals: list[bytes] = []
    uses: list[tuple[str, Encoding]] = []
    literal = b""
    end = 0
    for cut in cuts:
        token = format_placeholder(cut.slot, cut.encoding) if cut.slot else BRACE
        if cut.start < end or body[cut.start : cut.end] != token.encode():
            raise ValueError(f"{token} does not stand at byte {cut.start}")
        literal += body[end : cut.start]
        end = cut.end
        if cut.slot:
            literals.append(literal)
            uses.append((cut.slot, cut.encoding))
            literal = b""
        else:
            literal += b"{"
    literals.append(literal + body[end:])
    return literals, uses

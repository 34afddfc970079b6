"""A fragment's alternatives: which choices it has, and its text and placeholders for one variant.

`{?N=value}` begins an alternative, the first also the choice; `{/N}` ends it. Every listed value has its alternative,
in the order of the slot's `choices`; choices nest, and none stands inside itself (contract, section 4).
"""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from edgekit.model.fragment import Cut
from edgekit.model.placeholder import BRACE, Encoding, format_alternative, format_end, format_placeholder
from edgekit.model.slot import Slot

Use = tuple[str, Encoding]
"""A placeholder: its slot and encoding."""


def read_choices(body: bytes, cuts: Sequence[Cut], slots: Mapping[str, Slot]) -> tuple[str, ...]:
    """The names of the choice slots that the fragment branches on, in the order they first stand.

    Raises ValueError if a cut is not where its token stands, or if alternatives are not as the grammar has them.
    """
    names: dict[str, None] = {}
    open_choices: list[tuple[str, int]] = []
    end = 0
    for cut in cuts:
        if cut.slot not in slots and (cut.slot or cut.encoding):
            raise ValueError(f"slots that are not declared: {cut.slot}")
        if cut.encoding == "?":
            if not open_choices or open_choices[-1][0] != cut.slot:
                if cut.slot in (name for name, _ in open_choices):
                    raise ValueError(f"choice {cut.slot} stands inside itself")
                open_choices.append((cut.slot, -1))
            name, number = open_choices.pop()
            open_choices.append((name, number + 1))
            names[name] = None
            if number + 1 >= len(slots[name].choices):
                raise ValueError(f"choice {name} has too many alternatives")
            token = format_alternative(name, slots[name].choices[number + 1])
        elif cut.encoding == "/":
            if not open_choices or open_choices[-1] != (cut.slot, len(slots[cut.slot].choices) - 1):
                raise ValueError(f"choice {cut.slot} ends where it may not")
            open_choices.pop()
            token = format_end(cut.slot)
        else:
            token = format_placeholder(cut.slot, cut.encoding) if cut.slot else BRACE
        if cut.start < end or body[cut.start : cut.end] != token.encode():
            raise ValueError(f"{token} does not stand at byte {cut.start}")
        end = cut.end
    if open_choices:
        raise ValueError(f"choice {open_choices[-1][0]} has no end")
    return tuple(names)


def split(body: bytes, cuts: Iterable[Cut], chosen: Mapping[str, str]) -> tuple[list[bytes], list[Use]]:
    """The literals between placeholders, one more than there are, and the placeholders, of the variant `chosen` names.

    The cuts have passed `read_choices`, and `chosen` has one of the choices for each name that gave.
    """
    wanted = {name: quote(value, safe="").encode() for name, value in chosen.items()}
    literals: list[bytes] = []
    uses: list[Use] = []
    literal: list[bytes] = []
    end = 0
    open_choices: list[tuple[str, bool]] = []  # and whether the alternative that stands open is the chosen one
    for cut in cuts:
        taken = all(is_chosen for _, is_chosen in open_choices)
        if taken:
            literal.append(body[end : cut.start])
        end = cut.end
        if cut.encoding == "?":
            if open_choices and open_choices[-1][0] == cut.slot:
                open_choices.pop()
            value = body[cut.start : cut.end - 1].partition(b"=")[2]
            open_choices.append((cut.slot, value == wanted[cut.slot]))
        elif cut.encoding == "/":
            open_choices.pop()
        elif taken and cut.slot:
            literals.append(b"".join(literal))
            uses.append((cut.slot, cut.encoding))
            literal = []
        elif taken:
            literal.append(b"{")
    literals.append(b"".join([*literal, body[end:]]))
    return literals, uses

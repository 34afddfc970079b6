"""The CPU budget: what a page's fragments hold for fuel to count, and what to cut where they could exceed `cpu_ms`."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from edgekit.compiler.assemble import Assembled
from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.trace import Traced
from edgekit.fragment.fuel import NANOSECONDS, Contents, Fuel, SlotUse, fragment_fuel, request_fuel, worst
from edgekit.fragment.values import longest_value
from edgekit.model.placeholder import Encoding, format_placeholder
from edgekit.model.slot import Slot


class Part(NamedTuple):
    """What a page's fuel is spent on, and how to spend less."""

    fuel: int
    what: str
    help: str


class Cost(NamedTuple):
    """The fuel of a request for a page in its worst variant, and what would be saved without each of its parts."""

    fuel: int
    parts: tuple[Part, ...]


class Excess(NamedTuple):
    """A fragment over its budget: what is wrong, and the way out."""

    what: str
    help: str


def list_contents(assembled: Assembled, variants: Sequence[Traced], slots: Mapping[str, Slot]) -> tuple[Contents, ...]:
    """What each variant of a fragment holds, in their order, equal ones once.

    Replay reads a value for every slot of the body, also where only another variant prints it.
    """
    size, tokens = len(assembled.body), len(assembled.cuts)
    names = sorted({cut.slot for cut in assembled.cuts if cut.slot and not slots[cut.slot].island})
    found: dict[Contents, None] = {}
    for variant in variants:
        uses: dict[str, Counter[Encoding]] = {name: Counter() for name in names}
        inserts: Counter[str] = Counter()
        for piece in variant.pieces:
            if type(piece) is Mark:
                inserts[piece.island] += 1
            elif type(piece) is Placed and piece.slot.island:
                inserts[list_name(piece.slot)] += 1
            elif type(piece) is Placed:
                # An integer's digits are the same in every encoding.
                encoding: Encoding = "" if piece.slot.type == "integer" else piece.form  # type: ignore[assignment]
                uses[piece.slot.name][encoding] += 1
        described = tuple(
            SlotUse(name, slots[name].root, longest_value(slots[name]), tuple(sorted(uses[name].items())))
            for name in names
        )
        found[Contents(size, tokens, described, tuple(sorted(inserts.items())))] = None
    return tuple(found)


def list_name(slot: Slot) -> str:
    """A list slot's name among the inserts: as it is printed, `{RECS}`. No island's name has a brace."""
    return format_placeholder(slot.name, "")


def count_fuel(variants: Sequence[Contents], inserts: Mapping[str, Fuel], *, shared: bool) -> Fuel:
    """The fuel of a fragment in its worst variant; `inserts` are the islands and list slots that it holds."""
    return worst(fragment_fuel(contents, inserts, shared=shared) for contents in variants)


def check_budget(
    variants: Sequence[Contents], inserts: Mapping[str, Fuel], cpu_ms: int, *, shared: bool, personal: bool
) -> Excess | None:
    """What is wrong if a request for a page with this fragment could take more than `cpu_ms`; see `count_cost`."""
    price = _pricing(inserts, shared=shared, personal=personal)
    if max(map(price, variants)) <= cpu_ms * NANOSECONDS:
        return None
    cost = count_cost(variants, inserts, shared=shared, personal=personal)
    part = max(cost.parts, key=lambda part: part.fuel)
    what = (
        f"the page could take {_milliseconds(cost.fuel)} ms of CPU, more than the {cpu_ms} of `[budget] cpu_ms`; "
        f"{part.what}: {_milliseconds(part.fuel)} ms"
    )
    return Excess(what, part.help)


def count_cost(variants: Sequence[Contents], inserts: Mapping[str, Fuel], *, shared: bool, personal: bool) -> Cost:
    """What a request for a page with this fragment could cost.

    `shared`: readers share the answer. `personal`: a user is read for it.
    """
    price = _pricing(inserts, shared=shared, personal=personal)
    dearest = max(variants, key=price)
    return Cost(price(dearest), tuple(_list_parts(dearest, price)))


def _pricing(inserts: Mapping[str, Fuel], *, shared: bool, personal: bool) -> Callable[[Contents], int]:
    return lambda contents: request_fuel(fragment_fuel(contents, inserts, shared=shared), personal=personal)


def _list_parts(contents: Contents, price: Callable[[Contents], int]) -> Iterator[Part]:
    """What would be saved without each slot, all live fields, each island, list slot and the text; and what no page is
    without."""
    total = price(contents)
    for slot in contents.slots:
        without = msgspec.structs.replace(contents, slots=tuple(other for other in contents.slots if other != slot))
        times = sum(times for _, times in slot.uses)
        what = f"slot `{slot.name}`, of up to {slot.length:,} code points and {_printed(times)}"
        help = "lower the slot's `max_length`, print it less often, or raise `cpu_ms`"
        yield Part(total - price(without), what, help)
    still = tuple(slot for slot in contents.slots if slot.root != "segment")
    if len(contents.slots) - len(still) > 1:  # one alone is counted above, with the tier's record
        saved = total - price(msgspec.structs.replace(contents, slots=still))
        yield Part(saved, "all live fields together", "print fewer of them, or raise `cpu_ms`")
    for insert in contents.inserts:
        without = msgspec.structs.replace(contents, inserts=tuple(i for i in contents.inserts if i != insert))
        name, times = insert
        if name[0] == "{":
            what = f"list slot `{name.strip('{}')}`, {_printed(times)}"
            help = "lower its `max_items`, print less in an item, or raise `cpu_ms`"
        else:
            what = f"island `{name}`, {_printed(times)}"
            help = "print less in the island, fetch it in client mode, or raise `cpu_ms`"
        yield Part(total - price(without), what, help)
    nothing = price(Contents(0))
    what = f"its text of {-(-contents.bytes // 1024):,} KiB with {contents.tokens:,} tokens"
    text = price(Contents(contents.bytes, contents.tokens))
    yield Part(text - nothing, what, "print less on this page, or raise `cpu_ms`")
    yield Part(nothing, "a request that prints nothing", "raise `cpu_ms`")


def _printed(times: int) -> str:
    if not times:
        return "not printed"
    return "printed once" if times == 1 else f"printed {times:,} times"


def _milliseconds(fuel: int) -> str:
    return f"{-(-fuel // NANOSECONDS):,}"

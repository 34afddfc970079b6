"""Which units of two sequences differ, be they lines, pieces of a line, or words.

What both begin and end with goes first. Units that stand once in both hold the rest together (patience diff), and only
what is left between them is compared unit by unit, if it is little: difflib takes time with the square of it.
"""

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from operator import eq
from typing import Final, NamedTuple

_MOST_COMPARED: Final = 64
"""Units of both sides together that difflib gets."""

_DEEPEST: Final = 8
"""How often what lies between two units is searched for units that stand in it once: real texts need three times."""


class Block(NamedTuple):
    """Units `old_start` to `old_end` of the old sequence are replaced by `new_start` to `new_end` of the new one."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def find_blocks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Block]:
    """The blocks of units that differ, in order."""
    if len(old) == len(new):
        equal = list(map(eq, old, new))
        if 2 * sum(equal) >= len(equal):  # nothing has moved
            ends = 0
            for same, run in groupby(equal):
                starts, ends = ends, ends + len(list(run))
                if not same:
                    yield Block(starts, ends, starts, ends)
            return
    todo = [(Block(0, len(old), 0, len(new)), 0)]
    while todo:
        block, depth = todo.pop()
        block = trim(old, new, block)
        if block.old_start == block.old_end or block.new_start == block.new_end:
            if block.old_start < block.old_end or block.new_start < block.new_end:
                yield block
        elif depth < _DEEPEST and (anchors := _find_anchors(old, new, block)):
            todo += [(part, depth + 1) for part in reversed(list(_between(anchors, block)))]
        elif block.old_end - block.old_start + block.new_end - block.new_start <= _MOST_COMPARED:
            yield from _compare_all(old, new, block)
        else:
            yield block


def trim(old: Sequence[bytes], new: Sequence[bytes], block: Block) -> Block:
    """A block of units without those that both sides of it begin and end with."""
    old_start, old_end, new_start, new_end = block
    while old_start < old_end and new_start < new_end and old[old_start] == new[new_start]:
        old_start, new_start = old_start + 1, new_start + 1
    while old_start < old_end and new_start < new_end and old[old_end - 1] == new[new_end - 1]:
        old_end, new_end = old_end - 1, new_end - 1
    return Block(old_start, old_end, new_start, new_end)


def _find_anchors(old: Sequence[bytes], new: Sequence[bytes], block: Block) -> list[tuple[int, int]]:
    """Units that stand once in both sides of a block, as many as stand in the same order: their places in both."""
    counts = Counter(old[block.old_start : block.old_end])
    there = Counter(new[block.new_start : block.new_end])
    places = {
        unit: at
        for at, unit in enumerate(old[block.old_start : block.old_end], block.old_start)
        if counts[unit] == 1 and there[unit] == 1
    }
    pairs = [
        (places[unit], at)
        for at, unit in enumerate(new[block.new_start : block.new_end], block.new_start)
        if unit in places
    ]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence whose first numbers rise (piles, and for each card the one below it)."""
    if all(one[0] < other[0] for one, other in pairwise(pairs)):
        return list(pairs)
    tops: list[int] = []
    piles: list[int] = []
    below: list[int] = []
    for card, (value, _) in enumerate(pairs):
        pile = bisect_left(tops, value)
        below.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [value]
        piles[pile : pile + 1] = [card]
    rising: list[tuple[int, int]] = []
    card = piles[-1] if piles else -1
    while card >= 0:
        rising.append(pairs[card])
        card = below[card]
    return rising[::-1]


def _between(anchors: Iterable[tuple[int, int]], block: Block) -> Iterator[Block]:
    """The parts of a block between units that both sides have, but for those where nothing is."""
    old_start, new_start = block.old_start, block.new_start
    for old_at, new_at in anchors:
        if old_start < old_at or new_start < new_at:
            yield Block(old_start, old_at, new_start, new_at)
        old_start, new_start = old_at + 1, new_at + 1
    yield Block(old_start, block.old_end, new_start, block.new_end)


def _compare_all(old: Sequence[bytes], new: Sequence[bytes], block: Block) -> Iterator[Block]:
    matcher = difflib.SequenceMatcher(
        None, old[block.old_start : block.old_end], new[block.new_start : block.new_end], autojunk=False
    )
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield Block(
                block.old_start + old_start,
                block.old_start + old_end,
                block.new_start + new_start,
                block.new_start + new_end,
            )

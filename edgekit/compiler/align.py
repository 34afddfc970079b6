"""Which parts several sequences have in common, in order: found fast rather than longest.

Common ends first, then what stands once in each (as patience diff does), then between those again. Where nothing is
unique, sequences of one length are compared place by place, and short ones by difflib.
"""

import difflib
from bisect import bisect_left
from collections.abc import Hashable, Sequence
from typing import Final

Places = tuple[int, ...]
"""One place in each sequence."""

_SHORT: Final = 200
"""Lengths up to which difflib, cubic at its worst, is quick."""


def find_common(sequences: Sequence[Sequence[Hashable]]) -> list[Places]:
    """Places of equal parts, increasing in every sequence."""
    found: list[Places] = []
    ranges = [(tuple(0 for _ in sequences), tuple(map(len, sequences)))]
    while ranges:
        starts, ends = ranges.pop()
        starts, ends = _strip_ends(sequences, starts, ends, found)
        if any(start >= end for start, end in zip(starts, ends, strict=True)):
            continue
        anchors = _find_unique(sequences, starts, ends)
        if not anchors:
            found += _compare(sequences, starts, ends)
            continue
        for anchor in anchors:
            found.append(anchor)
            ranges.append((starts, anchor))
            starts = tuple(at + 1 for at in anchor)
        ranges.append((starts, ends))
    return sorted(found)


def _strip_ends(
    sequences: Sequence[Sequence[Hashable]], starts: Places, ends: Places, found: list[Places]
) -> tuple[Places, Places]:
    room = min(end - start for start, end in zip(starts, ends, strict=True))
    head = tail = 0
    while head < room and _equal(sequences, [start + head for start in starts]):
        found.append(tuple(start + head for start in starts))
        head += 1
    while tail < room - head and _equal(sequences, [end - 1 - tail for end in ends]):
        found.append(tuple(end - 1 - tail for end in ends))
        tail += 1
    return tuple(start + head for start in starts), tuple(end - tail for end in ends)


def _equal(sequences: Sequence[Sequence[Hashable]], places: Sequence[int]) -> bool:
    first = sequences[0][places[0]]
    return all(sequence[at] == first for sequence, at in zip(sequences, places, strict=True))


def _find_unique(sequences: Sequence[Sequence[Hashable]], starts: Places, ends: Places) -> list[Places]:
    """The longest chain, sequence by sequence, of parts that stand once in each of the ranges."""
    places: list[dict[Hashable, int]] = []
    for sequence, start, end in zip(sequences, starts, ends, strict=True):
        seen: dict[Hashable, int] = {}
        for at in range(start, end):
            seen[sequence[at]] = -1 if sequence[at] in seen else at
        places.append(seen)
    chain = [
        tuple(seen[part] for seen in places)
        for part, at in places[0].items()
        if at >= 0 and all(seen.get(part, -1) >= 0 for seen in places)
    ]
    for number in range(1, len(sequences)):
        chain = _longest_increasing(chain, number)
    return chain


def _longest_increasing(chain: list[Places], sequence: int) -> list[Places]:
    lowest: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, places in enumerate(chain):
        at = bisect_left(lowest, places[sequence])
        before.append(last[at - 1] if at else -1)
        lowest[at : at + 1] = [places[sequence]]
        last[at : at + 1] = [number]
    longest = []
    number = last[-1] if last else -1
    while number >= 0:
        longest.append(chain[number])
        number = before[number]
    return longest[::-1]


def _compare(sequences: Sequence[Sequence[Hashable]], starts: Places, ends: Places) -> list[Places]:
    """What the ranges have in common where nothing stands once."""
    lengths = {end - start for start, end in zip(starts, ends, strict=True)}
    if len(lengths) == 1:
        (length,) = lengths
        aligned = (tuple(start + offset for start in starts) for offset in range(length))
        return [places for places in aligned if _equal(sequences, places)]
    if max(lengths) > _SHORT:
        return []
    first = sequences[0][starts[0] : ends[0]]
    common: dict[int, Places] = {at: (starts[0] + at,) for at in range(len(first))}
    for sequence, start, end in zip(sequences[1:], starts[1:], ends[1:], strict=True):
        blocks = difflib.SequenceMatcher(None, first, sequence[start:end], autojunk=False).get_matching_blocks()
        matched = {block.a + offset: start + block.b + offset for block in blocks for offset in range(block.size)}
        common = {at: (*places, matched[at]) for at, places in common.items() if at in matched}
    return list(common.values())

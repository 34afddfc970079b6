"""Which parts of two texts differ: whole lines, or a few words of one.

What both begin and end with goes first, then lines that stand once in both hold the rest together (patience diff), and
only what is left between them is compared line by line, if it is little: difflib takes time with the square of it.
A line that nobody can read at once, as minified HTML has them, is cut at its tags and between its statements.
A placeholder is never cut.
"""

import difflib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import eq
from typing import Final, NamedTuple

from edgekit.model.placeholder import TOKEN

LONGEST_LINE: Final = 160
"""Bytes of a line that is compared as one."""

_MOST_COMPARED: Final = 64
"""Lines of both sides together that difflib gets."""

_DEEPEST: Final = 8
"""How often what lies between two lines is searched for lines that stand in it once: real texts need three times."""

_LINE: Final = re.compile(rb"[^\n]*\n|[^\n]+")
_PIECE: Final = re.compile(rb"<?[^<>;,}\n]*[>;,}\n]|<?[^<>;,}\n]+|<")
_WORD: Final = re.compile(TOKEN.pattern.replace("(", "(?:").encode() + rb"|&#?\w+;|[\w\x80-\xff]+|\s+|.", re.DOTALL)


class ChangedSpan(NamedTuple):
    """Bytes `old_start` to `old_end` of the old text are replaced by `new_start` to `new_end` of the new one."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def find_changed_spans(old: bytes, new: bytes) -> list[ChangedSpan]:
    """The spans in which two texts differ, in order; none if they are equal."""
    if old == new:
        return []
    start = _seam_before(old, _common_prefix(old, new))
    kept = _seam_behind(old, new, _common_suffix(old, new, min(len(old), len(new)) - start))
    within = _compare(old[start : len(old) - kept], new[start : len(new) - kept])
    return [ChangedSpan(*(start + offset for offset in span)) for span in within]


def _common_prefix(old: bytes, new: bytes) -> int:
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_suffix(old: bytes, new: bytes, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _seam_before(text: bytes, end: int) -> int:
    """The last place up to `end` where a line begins, or of a long line a piece."""
    line = text.rfind(b"\n", 0, end) + 1
    if end - line <= LONGEST_LINE:
        return line
    behind = max(text.rfind(mark, line, end) + 1 for mark in (b">", b";", b",", b"}"))
    return max(line, behind, text.rfind(b"<", line, end))


def _seam_behind(old: bytes, new: bytes, kept: int) -> int:
    """The most bytes of the last `kept` ones before which in both texts a line ends, or of a long line a piece."""
    at = len(old) - kept
    if _ends_line(old, at) and _ends_line(new, len(new) - kept):
        return kept
    line = old.find(b"\n", at) + 1 or len(old)
    if line - at <= LONGEST_LINE:
        return len(old) - line
    behind = (old.find(mark, at, line) + 1 or line for mark in (b">", b";", b",", b"}"))
    tag = old.find(b"<", at, line)
    return len(old) - min(*behind, line if tag < 0 else tag)


def _ends_line(text: bytes, at: int) -> bool:
    return at == 0 or text[at - 1 : at] == b"\n"


@lru_cache(256)  # one edit of a layout leaves the same two texts in all its pages
def _compare(old: bytes, new: bytes) -> tuple[ChangedSpan, ...]:
    old_units, new_units = _units(old), _units(new)
    old_at, new_at = _offsets(old_units), _offsets(new_units)
    found: list[ChangedSpan] = []
    for old_start, old_end, new_start, new_end in _blocks(old_units, new_units):
        pairs = list(zip(range(old_start, old_end), range(new_start, new_end), strict=False))
        changed = [_changed_words(old_units[one], new_units[other]) for one, other in pairs]
        if old_end - old_start == new_end - new_start and all(changed):
            for (one, other), words in zip(pairs, changed, strict=True):
                if words is not None:
                    before, old_size, new_size = words
                    start, there = old_at[one] + before, new_at[other] + before
                    found.append(ChangedSpan(start, start + old_size, there, there + new_size))
        else:
            found.append(ChangedSpan(old_at[old_start], old_at[old_end], new_at[new_start], new_at[new_end]))
    return tuple(found)


def _units(text: bytes) -> list[bytes]:
    """The lines of a text, a long one in pieces."""
    units: list[bytes] = []
    for line in _LINE.findall(text):
        units += [line] if len(line) <= LONGEST_LINE else _PIECE.findall(line)
    return units


def _offsets(units: Sequence[bytes]) -> list[int]:
    offsets = [0]
    for unit in units:
        offsets.append(offsets[-1] + len(unit))
    return offsets


@lru_cache(4096)
def _changed_words(old: bytes, new: bytes) -> tuple[int, int, int] | None:
    """Bytes before the first word that differs in two units, and of what differs in either; None if they have less
    than half in common, so that one is no change of the other."""
    if old.endswith(b"\n") and new.endswith(b"\n"):
        old, new = old[:-1], new[:-1]
    old_words, new_words = _WORD.findall(old), _WORD.findall(new)
    block = _trim(old_words, new_words, ChangedSpan(0, len(old_words), 0, len(new_words)))
    before = sum(map(len, old_words[: block.old_start]))
    old_size = sum(map(len, old_words[block.old_start : block.old_end]))
    new_size = sum(map(len, new_words[block.new_start : block.new_end]))
    if 2 * (len(old) - old_size) < min(len(old), len(new)):
        return None
    return before, old_size, new_size


def _trim(old: Sequence[bytes], new: Sequence[bytes], block: ChangedSpan) -> ChangedSpan:
    """A block of units without those that both sides of it begin and end with."""
    old_start, old_end, new_start, new_end = block
    while old_start < old_end and new_start < new_end and old[old_start] == new[new_start]:
        old_start, new_start = old_start + 1, new_start + 1
    while old_start < old_end and new_start < new_end and old[old_end - 1] == new[new_end - 1]:
        old_end, new_end = old_end - 1, new_end - 1
    return ChangedSpan(old_start, old_end, new_start, new_end)


def _blocks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[ChangedSpan]:
    """The blocks of units that differ, in order."""
    if len(old) == len(new):
        equal = list(map(eq, old, new))
        if 2 * sum(equal) >= len(equal):  # nothing has moved
            ends = 0
            for same, run in groupby(equal):
                starts, ends = ends, ends + len(list(run))
                if not same:
                    yield ChangedSpan(starts, ends, starts, ends)
            return
    todo = [(ChangedSpan(0, len(old), 0, len(new)), 0)]
    while todo:
        block, depth = todo.pop()
        block = _trim(old, new, block)
        if block.old_start == block.old_end or block.new_start == block.new_end:
            if block.old_start < block.old_end or block.new_start < block.new_end:
                yield block
        elif depth < _DEEPEST and (anchors := _find_anchors(old, new, block)):
            todo += [(part, depth + 1) for part in reversed(list(_between(anchors, block)))]
        elif block.old_end - block.old_start + block.new_end - block.new_start <= _MOST_COMPARED:
            yield from _compare_all(old, new, block)
        else:
            yield block


def _find_anchors(old: Sequence[bytes], new: Sequence[bytes], block: ChangedSpan) -> list[tuple[int, int]]:
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


def _between(anchors: Iterable[tuple[int, int]], block: ChangedSpan) -> Iterator[ChangedSpan]:
    """The parts of a block between units that both sides have."""
    old_start, new_start = block.old_start, block.new_start
    for old_at, new_at in anchors:
        yield ChangedSpan(old_start, old_at, new_start, new_at)
        old_start, new_start = old_at + 1, new_at + 1
    yield ChangedSpan(old_start, block.old_end, new_start, block.new_end)


def _compare_all(old: Sequence[bytes], new: Sequence[bytes], block: ChangedSpan) -> Iterator[ChangedSpan]:
    matcher = difflib.SequenceMatcher(
        None, old[block.old_start : block.old_end], new[block.new_start : block.new_end], autojunk=False
    )
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield ChangedSpan(
                block.old_start + old_start,
                block.old_start + old_end,
                block.new_start + new_start,
                block.new_start + new_end,
            )

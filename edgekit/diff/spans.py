"""Which parts of two texts differ: whole lines, or a few words of one.

What both texts begin and end with goes first, up to where a line begins or ends. A line that nobody can read at once,
as minified HTML has them, is cut at its tags and between its statements. A placeholder is never cut.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

from edgekit.diff.blocks import Block, find_blocks, trim
from edgekit.model.placeholder import TOKEN

LONGEST_LINE: Final = 160
"""Bytes of a line that is compared as one."""

_LARGEST_KEPT: Final = 64 * 1024
"""Bytes of two texts whose comparison is remembered: 256 of them are 16 MiB, as are 4,096 of a sixteenth."""

_LINE: Final = re.compile(rb"[^\n]*\n|[^\n]+")
_PIECE: Final = re.compile(rb"(?=.)<?[^<>;,}\n]*+[>;,}\n]?", re.DOTALL)
_OPENING: Final = re.compile(rb"<[^/]")
_OPENING_LINE: Final = re.compile(rb"^[ \t]*<[^/]", re.MULTILINE)
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
    found: list[ChangedSpan] = []
    old_end, new_end = len(old) - kept, len(new) - kept
    partial = not _ends_line(old, start) or not _ends_line(old, old_end) or not _ends_line(new, new_end)
    compare = _compare if old_end + new_end - 2 * start <= _LARGEST_KEPT else _compare.__wrapped__
    for span in _move(compare(old[start:old_end], new[start:new_end], partial), start, start):
        found.append(_settle(old, new, span, span.old_start - (found[-1].old_end if found else 0)))
    return found


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
    return at in (0, len(text)) or text[at - 1 : at] == b"\n"


def _settle(old: bytes, new: bytes, span: ChangedSpan, room: int) -> ChangedSpan:
    """What only comes or goes, moved up to the tag with which it begins, if what is around it is the same then, and at
    most by `room`: `<li>New</li>` came, not `New</li><li>`."""
    if span.old_start < span.old_end and span.new_start < span.new_end:
        return span
    text, start, end = (new, *span[2:]) if span.old_start == span.old_end else (old, *span[:2])
    lines = _ends_line(text, start) and _ends_line(text, end)
    opening = _OPENING_LINE if lines else _OPENING
    if opening.match(text, start):
        return span
    room = _common_suffix(text[start - room : start], text[start:end], min(room, end - start))
    tags = [tag.start() for tag in opening.finditer(text, start - room, start)]
    up = start - tags[-1] if tags else 0
    return ChangedSpan(*(offset - up for offset in span))


@lru_cache(256)  # one edit of a layout leaves the same two texts in all its pages
def _compare(old: bytes, new: bytes, partial: bool) -> tuple[ChangedSpan, ...]:
    """The spans of two texts by lines, and within long lines by pieces; `partial`: they are parts of lines."""
    old_lines, new_lines = _LINE.findall(old), _LINE.findall(new)
    found: list[ChangedSpan] = []
    for block, span in _find_spans(old_lines, new_lines):
        changed = *old_lines[block.old_start : block.old_end], *new_lines[block.new_start : block.new_end]
        if partial or max(map(len, changed)) > LONGEST_LINE:
            pieces = (
                _PIECE.findall(old[span.old_start : span.old_end]),
                _PIECE.findall(new[span.new_start : span.new_end]),
            )
            for of_pieces, within in _find_spans(*pieces):
                found += _move(_in_words(*pieces, of_pieces, within), span.old_start, span.new_start)
        else:
            found += _in_words(old_lines, new_lines, block, span)
    return tuple(found)


def _find_spans(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[tuple[Block, ChangedSpan]]:
    """The blocks of units that differ, and which bytes they are."""
    old_at, new_at = _offsets(old), _offsets(new)
    for block in find_blocks(old, new):
        span = old_at[block.old_start], old_at[block.old_end], new_at[block.new_start], new_at[block.new_end]
        yield block, ChangedSpan(*span)


def _move(spans: Iterable[ChangedSpan], old: int, new: int) -> Iterator[ChangedSpan]:
    for span in spans:
        yield ChangedSpan(span.old_start + old, span.old_end + old, span.new_start + new, span.new_end + new)


def _in_words(old: Sequence[bytes], new: Sequence[bytes], block: Block, span: ChangedSpan) -> list[ChangedSpan]:
    """A block as the words that differ in its units, if each of them is a change of its counterpart; else as it is."""
    old_units, new_units = old[block.old_start : block.old_end], new[block.new_start : block.new_end]
    if len(old_units) != len(new_units):
        return [span]
    found: list[ChangedSpan] = []
    old_at, new_at = span.old_start, span.new_start
    for one, other in zip(old_units, new_units, strict=True):
        find = _changed_words if len(one) + len(other) <= _LARGEST_KEPT // 16 else _changed_words.__wrapped__
        words = find(one, other)
        if words is None:
            return [span]
        found += _move([words], old_at, new_at)
        old_at, new_at = old_at + len(one), new_at + len(other)
    return found


def _offsets(units: Sequence[bytes]) -> list[int]:
    return list(accumulate(map(len, units), initial=0))


@lru_cache(4096)  # its lines are the same two in all its pages, whatever else differs there
def _changed_words(old: bytes, new: bytes) -> ChangedSpan | None:
    """The span of two units in which words differ; None if they have less than half in common, so that one is no change
    of the other."""
    if old.endswith(b"\n") and new.endswith(b"\n"):
        old, new = old[:-1], new[:-1]
    old_words, new_words = _WORD.findall(old), _WORD.findall(new)
    block = trim(old_words, new_words, Block(0, len(old_words), 0, len(new_words)))
    before, old_behind = (sum(map(len, part)) for part in (old_words[: block.old_start], old_words[block.old_end :]))
    if 2 * (before + old_behind) < min(len(old), len(new)):
        return None
    return ChangedSpan(before, len(old) - old_behind, before, len(new) - old_behind)

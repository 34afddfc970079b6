"""Two bodies side by side: which line of one stands beside which of the other, and what of each has changed."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice, zip_longest
from typing import NamedTuple

from edgekit.diff.spans import ChangedSpan, find_changed_spans

Part = tuple[int, int]
"""From one byte of a line to another one."""


class Line(NamedTuple):
    """A line without its end, its number from 1 and the parts of it that have changed, in order.

    A part is empty where the other side has text that this one has not.
    """

    number: int
    text: bytes
    changed: tuple[Part, ...]


class Row(NamedTuple):
    """What stands side by side; None where the other side has a line more."""

    old: Line | None
    new: Line | None

    @property
    def differs(self) -> bool:
        return self.old is None or self.new is None or bool(self.old.changed or self.new.changed)


class _Block(NamedTuple):
    """Lines `old_start` to `old_end` have become `new_start` to `new_end`."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


class _Body:
    """A text with what is asked of its lines."""

    def __init__(self, text: bytes, changed: Iterable[Part]) -> None:
        self.lines = text.split(b"\n")
        ends = accumulate(len(line) + 1 for line in self.lines)
        if not self.lines[-1]:
            self.lines.pop()  # what ends a line begins none
        self.starts = [0, *ends][: len(self.lines)]
        self.size = len(text)
        self.is_ended = not text or text.endswith(b"\n")
        # An empty part, where only the other side has text, tells the place; between lines it tells nothing.
        self._changed = [part for part in changed if part[0] < part[1] or _is_within_line(text, part[0])]
        self._next = 0

    def begins_line(self, offset: int) -> bool:
        return (offset == self.size and self.is_ended) or self.starts[self.line_at(offset)] == offset

    def line_at(self, offset: int) -> int:
        """The line that a byte stands in; behind the last one where nothing follows."""
        return len(self.lines) if offset == self.size and self.is_ended else bisect_right(self.starts, offset) - 1

    def line(self, at: int) -> Line:
        """A line, to be asked for from the first to the last."""
        start, text = self.starts[at], self.lines[at]
        end = start + len(text)
        while self._next < len(self._changed) and self._changed[self._next][1] <= start:
            self._next += 1
        changed = []
        for first, last in islice(self._changed, self._next, None):
            if first >= end:
                break
            changed.append((max(first, start) - start, min(last, end) - start))
        return Line(at + 1, text, tuple(changed))


def _is_within_line(text: bytes, offset: int) -> bool:
    return 0 < offset < len(text) and b"\n" not in text[offset - 1 : offset + 1]


def align(old: bytes | None, new: bytes | None) -> Iterator[Row]:
    """The rows of two bodies in order; of a body that is not there, all lines of the other one."""
    spans = find_changed_spans(old or b"", new or b"")
    before = _Body(old or b"", ((span.old_start, span.old_end) for span in spans))
    after = _Body(new or b"", ((span.new_start, span.new_end) for span in spans))
    old_at = new_at = 0
    for block in _blocks(before, after, spans):
        while old_at < block.old_start:
            yield Row(before.line(old_at), after.line(new_at))
            old_at, new_at = old_at + 1, new_at + 1
        for old_line, new_line in zip_longest(
            range(block.old_start, block.old_end), range(block.new_start, block.new_end)
        ):
            yield Row(
                None if old_line is None else before.line(old_line), None if new_line is None else after.line(new_line)
            )
        old_at, new_at = block.old_end, block.new_end
    while old_at < len(before.lines):
        yield Row(before.line(old_at), after.line(new_at))
        old_at, new_at = old_at + 1, new_at + 1


def _blocks(old: _Body, new: _Body, spans: Iterable[ChangedSpan]) -> Iterator[_Block]:
    """The whole lines that the spans touch; spans that share a line are one block."""
    last: _Block | None = None
    for span in spans:
        # What follows a span is the same in both, up to the end of the line in which either of them ends.
        whole = old.begins_line(span.old_end) and new.begins_line(span.new_end)
        block = _Block(
            old.line_at(span.old_start),
            min(old.line_at(span.old_end) + (not whole), len(old.lines)),
            new.line_at(span.new_start),
            min(new.line_at(span.new_end) + (not whole), len(new.lines)),
        )
        if last is None:
            last = block
        elif block.old_start < last.old_end or block.new_start < last.new_end:
            last = _Block(last.old_start, block.old_end, last.new_start, block.new_end)
        else:
            yield last
            last = block
    if last is not None:
        yield last

"""Changes of text, each shown once wherever it stands: what was removed, what was added, and in how many fragments.

Of a hunk only its place is kept while all bodies are compared; its text is read again for those that are shown.
"""

import hashlib
from collections import Counter
from typing import Final

from edgekit.diff.bodies import Bodies
from edgekit.diff.fragments import STATIC, Replaced
from edgekit.diff.plan import Hunk
from edgekit.diff.spans import ChangedSpan, find_changed_spans

MOST_HUNKS: Final = 100
"""How many hunks a plan shows: those that stand in the most fragments."""

_LONGEST: Final = 2000
"""Characters that are shown of what is removed or added."""

_AROUND: Final = 60
"""Bytes that are shown on either side of a change inside a line."""


class _Group:
    """One hunk while it is counted; `bodies` and `span` are its first place."""

    __slots__ = ("bodies", "fragments", "pages", "places", "span", "tiers")

    def __init__(self, bodies: Replaced, span: ChangedSpan) -> None:
        self.bodies = bodies
        self.span = span
        self.fragments = 0
        self.places = 0
        self.pages: set[str] = set()
        self.tiers: set[str] = set()

    def add(self, bodies: Replaced, times: int) -> None:
        self.fragments += len(bodies.places)
        self.places += times * len(bodies.places)
        self.pages.update(path for path, _ in bodies.places)
        self.tiers.update(tier for _, tier in bodies.places)


class Hunks:
    """Collects the hunks of one comparison."""

    def __init__(self, old: Bodies, new: Bodies) -> None:
        self._old = old
        self._new = new
        self._groups: dict[bytes, _Group] = {}

    def add(self, bodies: Replaced, old: bytes, new: bytes) -> list[ChangedSpan]:
        """Count the hunks of two bodies, and return where they are. Bodies come in the order of their first places."""
        spans = find_changed_spans(old, new)
        keys = [_key(old[start:end], new[new_start:new_end]) for start, end, new_start, new_end in spans]
        times = Counter(keys)
        for key, span in zip(keys, spans, strict=True):
            if key in times:
                group = self._groups.get(key)
                if group is None:
                    group = self._groups[key] = _Group(bodies, span)
                group.add(bodies, times.pop(key))
        return spans

    def __len__(self) -> int:
        return len(self._groups)

    def most_frequent(self) -> tuple[Hunk, ...]:
        """The hunks to show, those in most fragments first; equally frequent ones as they were added."""
        groups = sorted(self._groups.values(), key=lambda group: -group.fragments)[:MOST_HUNKS]
        return tuple(map(self._show, groups))

    def _show(self, group: _Group) -> Hunk:
        old, new = self._old.read(group.bodies.old), self._new.read(group.bodies.new)
        old_start, old_end, new_start, new_end = group.span
        removed, added = _decode(old[old_start:old_end]), _decode(new[new_start:new_end])
        before, after = _around(old, new, group.span)
        return Hunk(
            before=before,
            removed=removed[:_LONGEST],
            added=added[:_LONGEST],
            after=after,
            cut=max(0, len(removed) - _LONGEST) + max(0, len(added) - _LONGEST),
            page=group.bodies.places[0][0],
            pages=len(group.pages),
            tiers=tuple(sorted(group.tiers - {STATIC})),
            fragments=group.fragments,
            places=group.places,
        )


def _key(removed: bytes, added: bytes) -> bytes:
    size = len(removed).to_bytes(8, "big")
    return hashlib.blake2b(size + removed + added, digest_size=16).digest()


def _decode(text: bytes) -> str:
    # Bodies are UTF-8; one that is damaged is shown all the same.
    return text.decode(errors="replace")


def _around(old: bytes, new: bytes, span: ChangedSpan) -> tuple[str, str]:
    """What stands on the same line before and behind a change; nothing where whole lines change."""
    line = old.rfind(b"\n", 0, span.old_start) + 1
    ends = old.find(b"\n", span.old_end)
    ends = len(old) if ends < 0 else ends
    removed, added = old[span.old_start : span.old_end], new[span.new_start : span.new_end]
    if line == span.old_start and all(text[-1:] in (b"", b"\n") for text in (removed, added)):
        return "", ""
    before, after = old[max(line, span.old_start - _AROUND) : span.old_start], old[span.old_end : ends][:_AROUND]
    return (
        ("…" if len(before) < span.old_start - line else "") + before.decode(errors="ignore"),
        after.decode(errors="ignore") + ("…" if len(after) < ends - span.old_end else ""),
    )

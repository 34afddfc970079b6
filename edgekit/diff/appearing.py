"""Slots that appear in a page which did not hold them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from edgekit.diff.fragments import Replaced
from edgekit.diff.spans import ChangedSpan
from edgekit.model.placeholder import TOKEN

_TOKEN: Final = re.compile(TOKEN.pattern.encode())
_NAME: Final = re.compile(rb"[A-Z][A-Z0-9_]*")

_AROUND: Final = 40
"""Bytes that are shown on either side of a placeholder."""


class Appearance(NamedTuple):
    """The pages in which a slot appears, sorted, and the text around it in the first of them."""

    pages: tuple[str, ...]
    around: str


class Appearances:
    """Collects the slots that appear in the bodies of one comparison."""

    def __init__(self) -> None:
        self._pages: defaultdict[str, set[str]] = defaultdict(set)
        self._around: dict[str, str] = {}

    def add(self, bodies: Replaced, old: bytes, new: bytes, spans: Iterable[ChangedSpan]) -> None:
        """Look for slots in what is new of a body. Bodies come in the order of their first places."""
        if bodies.is_static or not any(b"{" in new[span.new_start : span.new_end] for span in spans):
            return
        found, before = _find_slots(new), {} if bodies.was_static else _find_slots(old)
        for name in sorted(found.keys() - before.keys()):
            self._pages[name].update(path for path, _ in bodies.places)
            start, end = found[name]
            around = new[max(0, start - _AROUND) : end + _AROUND].decode(errors="ignore")
            self._around.setdefault(name, around.strip())

    def by_slot(self) -> Mapping[str, Appearance]:
        return {name: Appearance(tuple(sorted(self._pages[name])), self._around[name]) for name in sorted(self._pages)}


def _find_slots(body: bytes) -> dict[str, tuple[int, int]]:
    """Where the first placeholder or alternative of each slot stands."""
    found: dict[str, tuple[int, int]] = {}
    for token in _TOKEN.finditer(body):
        name = _NAME.search(token[0])
        if name is not None and not token[0].startswith(b"{/"):
            found.setdefault(name[0].decode(), token.span())
    return found

"""Redirects: which of them a path meets (contract, sections 3 and 12).

A redirect's source is a path; a segment `[name]` of it is a *part*, and stands for any one segment. Where several
sources fit a path the most specific one counts: segment by segment from the left, text before a part.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote

from edgekit.model.manifest import RedirectRule

PART: Final = re.compile(r"\[([A-Za-z][A-Za-z0-9_]*)\]")

MAX_PATTERNS: Final = 100
"""Redirects with parts: every request for a path that no page has is compared with them. Cloudflare takes as many."""

STATUSES: Final = (301, 302, 303, 307, 308)
"""Those by which a client goes elsewhere by itself (RFC 9110, 15.4)."""

Pattern = tuple[str | None, ...]
"""A source's segments, decoded; None stands for a part."""


class Met(NamedTuple):
    """The redirect that a path meets; `parts` are the path's segments, decoded, that stand at the source's parts."""

    rule: RedirectRule
    parts: Mapping[str, str]


class Redirects:
    """Redirects made ready to be looked up: those without parts by their path, the others by their length.

    A search for all patterns at once would read a long path once for each of them.
    """

    def __init__(self, rules: Iterable[RedirectRule]) -> None:
        """`rules` in the order in which they are tried."""
        self._static: dict[str, Met] = {}
        self._patterns: dict[int, list[tuple[Pattern, RedirectRule]]] = {}
        for rule in rules:
            pattern = pattern_of(rule.source)
            if None in pattern:
                self._patterns.setdefault(len(pattern), []).append((pattern, rule))
            else:
                self._static["/".join(map(str, pattern))] = Met(rule, {})

    def find(self, path: str) -> Met | None:
        """What a decoded path meets."""
        met = self._static.get(path)
        if met is not None or not self._patterns:
            return met
        segments = path.split("/")
        for pattern, rule in self._patterns.get(len(segments), ()):
            if all(map(_fits, pattern, segments)):
                parts = [segment for text, segment in zip(pattern, segments, strict=True) if text is None]
                return Met(rule, dict(zip(part_names(rule.source), parts, strict=True)))
        return None


def _fits(text: str | None, segment: str) -> bool:
    return segment != "" if text is None else segment == text


def pattern_of(source: str) -> Pattern:
    """The segments of a source, decoded; of `/` and of what stands before the first slash the segment is empty."""
    return tuple(None if PART.fullmatch(segment) else unquote(segment) for segment in source.split("/"))


def part_names(source: str) -> tuple[str, ...]:
    """The names of a source's parts, from the left."""
    return tuple(PART.findall(source))


def specificity(rule: RedirectRule) -> tuple[tuple[bool, str], ...]:
    """The key that sorts redirects: the most specific first, equal shapes by their text."""
    return tuple((segment is None, segment or "") for segment in pattern_of(rule.source))

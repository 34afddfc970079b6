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

Pattern = tuple[str | None, ...]
"""A source's segments, decoded; None stands for a part."""


class Met(NamedTuple):
    """The redirect that a path meets; `parts` are the path's segments, decoded, that stand at the source's parts."""

    rule: RedirectRule
    parts: Mapping[str, str]


class Redirects:
    """Redirects made ready to be looked up. A path costs one look-up, and a search if there are sources with parts."""

    def __init__(self, rules: Iterable[RedirectRule]) -> None:
        """`rules` in the order in which they are tried."""
        self._static: dict[str, Met] = {}
        self._by_last_part: dict[int, tuple[RedirectRule, tuple[str, ...]]] = {}
        alternatives: list[str] = []
        count = 0
        for rule in rules:
            pattern = pattern_of(rule.source)
            names = part_names(rule.source)
            if names:
                count += len(names)
                self._by_last_part[count] = rule, names
                alternatives.append("/".join("([^/]+)" if text is None else re.escape(text) for text in pattern))
            else:
                self._static["/".join(map(str, pattern))] = Met(rule, {})
        self._search = re.compile("|".join(alternatives)).fullmatch if alternatives else None

    def find(self, path: str) -> Met | None:
        """What a decoded path meets."""
        met = self._static.get(path)
        if met is not None or self._search is None:
            return met
        match = self._search(path)
        if match is None:
            return None
        assert match.lastindex is not None
        rule, names = self._by_last_part[match.lastindex]
        return Met(rule, dict(zip(names, match.groups()[match.lastindex - len(names) : match.lastindex], strict=True)))


def pattern_of(source: str) -> Pattern:
    """The segments of a source, decoded; of `/` and of what stands before the first slash the segment is empty."""
    return tuple(None if PART.fullmatch(segment) else unquote(segment) for segment in source.split("/"))


def part_names(source: str) -> tuple[str, ...]:
    """The names of a source's parts, from the left."""
    return tuple(PART.findall(source))


def specificity(rule: RedirectRule) -> tuple[tuple[bool, str], ...]:
    """The key that sorts redirects: the most specific first, equal shapes by their text."""
    return tuple((segment is None, segment or "") for segment in pattern_of(rule.source))

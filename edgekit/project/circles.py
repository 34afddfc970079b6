"""Redirects that lead in a circle.

Followed is not a path but all paths at once that one redirect leads to: a segment that a part gave is a number, and it
becomes a text where the next redirect asks for it. A source fits paths of one number of segments only, so there are
only so many of these to be met.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from edgekit.model.manifest import RedirectRule
from edgekit.model.redirect import PART, Redirects, part_names, pattern_of

Paths = tuple[str | int, ...]
"""Segments, decoded; equal numbers stand for one text, any."""


class _Step(NamedTuple):
    rule: RedirectRule
    to: Paths


def find_circles(rules: Sequence[RedirectRule], targets: Mapping[str, str | None]) -> list[tuple[RedirectRule, ...]]:
    """The redirects of each circle, in the order in which they are followed; no two circles are of the same redirects.

    `rules` are in the order in which they are tried; `targets` maps a source to the site's own path that it leads to,
    as a Location has it, or None.
    """
    steps = _Steps(rules, targets)
    done: set[Paths] = set()
    circles: dict[frozenset[RedirectRule], tuple[RedirectRule, ...]] = {}
    for first in rules:
        start = steps.after(first, {name: number for number, name in enumerate(part_names(first.source))})
        if start is None or start in done:
            continue
        way = {start: first}
        trail = [(start, steps.of(start))]
        while trail:
            here, following = trail[-1]
            step = next(following, None)
            if step is None:
                done.add(here)
                del way[here]
                trail.pop()
            elif step.to in way:
                since = list(way).index(step.to)
                circle = (step.rule, *list(way.values())[since + 1 :])
                circles.setdefault(frozenset(circle), circle)
            elif step.to not in done:
                way[step.to] = step.rule
                trail.append((step.to, steps.of(step.to)))
    return list(circles.values())


class _Steps:
    def __init__(self, rules: Sequence[RedirectRule], targets: Mapping[str, str | None]) -> None:
        self._redirects = Redirects(rules)
        self._by_length: dict[int, list[RedirectRule]] = {}
        for rule in rules:
            self._by_length.setdefault(rule.source.count("/") + 1, []).append(rule)
        self._targets = targets

    def of(self, paths: Paths) -> Iterator[_Step]:
        """The redirects that some of these paths meet, and where they lead."""
        if all(isinstance(segment, str) for segment in paths):
            met = self._redirects.find("/".join(map(str, paths)))
            if met is not None and (to := self.after(met.rule, met.parts)) is not None:
                yield _Step(met.rule, to)
            return
        for rule in self._by_length.get(len(paths), ()):
            bound = _bind(paths, pattern_of(rule.source))
            if bound is None:
                continue
            met_paths = [bound.get(segment, segment) if isinstance(segment, int) else segment for segment in paths]
            kept = [s for s, text in zip(met_paths, pattern_of(rule.source), strict=True) if text is None]
            to = self.after(rule, dict(zip(part_names(rule.source), kept, strict=True)))
            if to is not None:
                yield _Step(rule, to)
            if not bound:
                return  # it takes all that is left

    def after(self, rule: RedirectRule, parts: Mapping[str, str | int]) -> Paths | None:
        """Where a redirect leads with these parts, its numbers counted anew; None if that is elsewhere."""
        target = self._targets[rule.source]
        if target is None:
            return None
        names = [part[1] if (part := PART.fullmatch(segment)) else None for segment in target.split("/")]
        segments = [text if name is None else parts[name] for name, text in zip(names, pattern_of(target), strict=True)]
        numbers: dict[int, int] = {}
        return tuple(
            numbers.setdefault(segment, len(numbers)) if isinstance(segment, int) else str(segment)
            for segment in segments
        )


def _bind(paths: Paths, pattern: Iterable[str | None]) -> dict[int, str] | None:
    """What the numbers must be for `pattern` to fit; None if it cannot."""
    bound: dict[int, str] = {}
    for segment, text in zip(paths, pattern, strict=True):
        if text is None:
            if segment == "":
                return None
        elif isinstance(segment, int):
            if not text or bound.setdefault(segment, text) != text:
                return None
        elif segment != text:
            return None
    return bound

"""Where the fragments of one page begin to differ from tier to tier."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, NamedTuple

from edgekit.compiler.findings import Findings
from edgekit.compiler.run import Location, Spot
from edgekit.model.fragment import Fragment

_BEFORE: Final = 24
_SHOWN: Final = 64
"""Characters of an excerpt."""


class Excerpt(NamedTuple):
    """What a fragment has at some byte, on one line, and the template line that made it."""

    location: Location | None
    text: str


def find_difference(fragments: Mapping[str, Fragment], findings: Findings) -> tuple[int, dict[str, Excerpt]] | None:
    """The first byte in which the fragments of some tiers differ, and what each has there; None if all are equal."""
    bodies = {fragment.body for fragment in fragments.values()}
    if len(bodies) < 2:
        return None
    low, high = min(bodies), max(bodies)  # all others begin with what these two share
    at = next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))
    return at, {tier: _excerpt(fragment, at, findings) for tier, fragment in fragments.items()}


def _excerpt(fragment: Fragment, at: int, findings: Findings) -> Excerpt:
    body = fragment.body
    line = body.rfind(b"\n", 0, at) + 1
    begin = max(line, at - _BEFORE)
    text = body[begin : begin + 4 * _SHOWN].decode(errors="ignore").partition("\n")[0]
    shown = text[:_SHOWN].rstrip() + ("…" if len(text) > _SHOWN else "")
    return Excerpt(_find_line(fragment, at, findings), "…" + shown if begin > line else shown.lstrip())


def _find_line(fragment: Fragment, at: int, findings: Findings) -> Location | None:
    trace = fragment.trace
    assert trace is not None
    number = bisect_right(trace.spans, at, key=lambda span: span.start) - 1
    if number < 0:
        return None
    span = trace.spans[number]
    text = fragment.body[span.start : at + _SHOWN].decode(errors="replace")
    here = len(fragment.body[span.start : at].decode(errors="replace"))
    return findings.place(Spot((trace.templates[span.template], span.line), text, here))

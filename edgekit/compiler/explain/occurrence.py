"""Which template lines made a given piece of a page.

A piece is looked for in what each variant prints, with placeholders for values; runs of white space count as one, and a
text may be given as it is shown or as it is written in HTML. Macros and captures print as one piece, at the line that
prints them; so lines of templates that hold the text themselves are found as well.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from markupsafe import escape

from edgekit.compiler.explain.explanation import Line, Occurrence, Occurrences
from edgekit.compiler.explain.recording import Chain, Recorded, Recording
from edgekit.compiler.explain.sources import Sources
from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.run import Location, Spot
from edgekit.compiler.trace import Text
from edgekit.model.island import format_mark
from edgekit.model.placeholder import format_placeholder

_AROUND: Final = 30
"""Characters shown before and behind a text."""


class Part(NamedTuple):
    """A page, or an island or item of it, recorded for a tier."""

    path: str
    tier: str
    recording: Recording


class _Met(NamedTuple):
    """One place of a text: the chains of the lines that printed it, and what stands around it."""

    chains: tuple[Chain, ...]
    around: str


def find_occurrences(text: str, parts: Iterable[Part], sources: Sources) -> Occurrences:
    """Where a text, which is not empty, stands in what the parts print."""
    pattern = re.compile("|".join(r"\s+".join(map(re.escape, form.split())) for form in (text, str(escape(text)))))
    times: Counter[tuple[str, tuple[Chain, ...]]] = Counter()
    tiers: dict[tuple[str, tuple[Chain, ...]], dict[str, None]] = {}
    around: dict[tuple[str, tuple[Chain, ...]], str] = {}
    templates: dict[str, None] = {}
    for path, tier, recording in parts:
        templates.update((name, None) for kind, name in recording.reads if kind == "template")
        for recorded in recording.variants:
            met = list(_search(pattern, recorded, sources))
            counts = Counter((path, place.chains) for place in met)
            times |= counts
            for place in met:
                around.setdefault((path, place.chains), place.around)
            for key in counts:
                tiers.setdefault(key, {})[tier] = None
    printed = {chain[0] for _, chains in times for chain in chains}
    written = [place for name in templates for place in _find_written(pattern, name, sources) if place not in printed]
    return Occurrences(
        text,
        tuple(
            Occurrence(
                path,
                tuple(Line(sources.line(chain[0]), tuple(map(sources.line, chain[1:]))) for chain in chains),
                count,
                tuple(tiers[path, chains]),
                around[path, chains],
            )
            for (path, chains), count in times.items()
        ),
        tuple(map(sources.line, written)),
    )


def _search(pattern: re.Pattern[str], recorded: Recorded, sources: Sources) -> Iterator[_Met]:
    texts = [_write(piece) for piece in recorded.traced.pieces]
    starts = [0, *accumulate(map(len, texts))]
    whole = "".join(texts)
    for match in pattern.finditer(whole):
        first, last = bisect_right(starts, match.start()) - 1, bisect_right(starts, match.end() - 1) - 1
        chains: dict[Chain, None] = {}
        for number in range(first, last + 1):
            at = max(0, match.start() - starts[number])
            chains[_refine(recorded.traced.pieces[number], recorded.chains[number], at, sources)] = None
        around = whole[max(0, match.start() - _AROUND) : match.end() + _AROUND]
        yield _Met(tuple(chains), " ".join(around.split()))


def _write(piece: Text | Placed | Mark) -> str:
    match piece:
        case Text():
            return str(piece.text)
        case Mark():
            return format_mark(piece.island)
        case Placed(slot, form, _):
            return format_placeholder(slot.name, form)  # type: ignore[arg-type]  # of a page that compiles


def _refine(piece: Text | Placed | Mark, chain: Chain, at: int, sources: Sources) -> Chain:
    """The chain with the very line: of text, where in it; of a value, where it was put into a macro's text."""
    if type(piece) is Text:
        place: Location | None = sources.findings.place(Spot(chain[0], str(piece.text), at))
        return (place or chain[0], *chain[1:])
    if piece.location is None or piece.location == chain[0]:
        return chain
    return (piece.location, *chain)


def _find_written(pattern: re.Pattern[str], template: str, sources: Sources) -> Iterator[Location]:
    for number, line in enumerate(sources.findings.source_lines(template), 1):
        if pattern.search(line):
            yield template, number

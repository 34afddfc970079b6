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
from edgekit.compiler.explain.recording import Chain, Recorded, Recorder, Recording
from edgekit.compiler.explain.sources import Sources
from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.run import Location, Spot
from edgekit.compiler.trace import Text
from edgekit.model.island import format_mark, island_path
from edgekit.model.placeholder import format_placeholder
from edgekit.project.site import Page

_AROUND: Final = 30
"""Characters shown before and behind a text."""


class Part(NamedTuple):
    """A page, or an island or item of it, recorded for a tier."""

    page: Page
    tier: str
    recording: Recording

    @property
    def path(self) -> str:
        """Where it is stored; the items of an island share one."""
        name, _, key = self.page.path.removeprefix(island_path("")).partition("/")
        return island_path(name, "{key}") if self.page.island and key else self.page.path


class _Met(NamedTuple):
    """One place of a text: the chains of the lines that printed it, and what stands around it."""

    chains: tuple[Chain, ...]
    around: str


class _Tally:
    """What is known of one place of a text, over pages, tiers and variants."""

    def __init__(self, around: str) -> None:
        self.around = around
        self.times = 0
        self.pages: dict[str, None] = {}
        self.tiers: dict[str, None] = {}


def find_occurrences(text: str, parts: Iterable[Part], recorder: Recorder, sources: Sources) -> Occurrences:
    """Where a text, which is not empty, stands in what the parts print."""
    pattern = re.compile("|".join(r"\s+".join(map(re.escape, form.split())) for form in (text, str(escape(text)))))
    tallies: dict[tuple[str, tuple[Chain, ...]], _Tally] = {}
    templates: dict[str, None] = {}
    for part in parts:
        templates.update((name, None) for kind, name in part.recording.reads if kind == "template")
        for recorded in part.recording.variants:
            met = list(_search(pattern, recorded, recorder))
            for place, times in Counter(place.chains for place in met).items():
                around = next(one.around for one in met if one.chains == place)
                tally = tallies.setdefault((part.path, place), _Tally(around))
                tally.times = max(tally.times, times)
                tally.pages[part.page.path] = None
                tally.tiers[part.tier] = None
    printed = {chain[0] for _, chains in tallies for chain in chains}
    written = [place for name in templates for place in _find_written(pattern, name, sources) if place not in printed]
    return Occurrences(
        text,
        tuple(
            Occurrence(
                path,
                len(tally.pages),
                tuple(Line(sources.line(chain[0]), tuple(map(sources.line, chain[1:]))) for chain in chains),
                tally.times,
                tuple(tally.tiers),
                tally.around,
            )
            for (path, chains), tally in tallies.items()
        ),
        tuple(map(sources.line, written)),
    )


def _search(pattern: re.Pattern[str], recorded: Recorded, recorder: Recorder) -> Iterator[_Met]:
    texts = [_write(piece) for piece in recorded.traced.pieces]
    starts = [0, *accumulate(map(len, texts))]
    whole = "".join(texts)
    for match in pattern.finditer(whole):
        first, last = bisect_right(starts, match.start()) - 1, bisect_right(starts, match.end() - 1) - 1
        chains: dict[Chain, None] = {}
        for number in range(first, last + 1):
            at = max(0, match.start() - starts[number])
            overlap = texts[number][at : match.end() - starts[number]]
            if overlap.isspace():
                continue
            at += len(overlap) - len(overlap.lstrip())
            chains[_refine(recorded.traced.pieces[number], recorded.chains[number], at, recorder)] = None
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


def _refine(piece: Text | Placed | Mark, chain: Chain, at: int, recorder: Recorder) -> Chain:
    """The chain with the very line: of text, where in it; of a value, where it was put into a macro's text."""
    if type(piece) is Text:
        text = str(piece.text)
        place = recorder.findings.place(Spot(chain[0], text, at)) or chain[0]
        if place == chain[0]:
            place = recorder.find_line(place, text[text.rfind("\n", 0, at) + 1 :].partition("\n")[0])
        return (place, *chain[1:])
    if piece.location is None or piece.location == chain[0]:
        return chain
    return (piece.location, *chain)


def _find_written(pattern: re.Pattern[str], template: str, sources: Sources) -> Iterator[Location]:
    for number, line in enumerate(sources.findings.source_lines(template), 1):
        if pattern.search(line):
            yield template, number

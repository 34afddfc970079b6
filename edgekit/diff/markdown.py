"""A plan as a comment on a pull request, in GitHub's Markdown.

What a page holds is foreign. It stands in fences that are longer than any in it, or with each mark of Markdown written
as a character reference, so that it ends no block, sets no link and mentions nobody.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from edgekit.diagnostics.text import escape_control
from edgekit.diff.plan import Plan
from edgekit.diff.sections import Row, build_sections, summarise
from edgekit.diff.words import (
    LEGEND,
    count,
    format_costs,
    format_danger,
    format_hunk,
    format_operations,
    format_prices,
    format_state,
    format_where,
)

LONGEST: Final = 60_000
"""Characters: of the 65,536 that GitHub takes for a comment, some are for what the workflow adds (docs/diff.md)."""

_DANGERS: Final = 16_000
"""Of them, those for what is dangerous, at most …"""

_RESERVED: Final = 500
"""… and those for the line that says what is left out."""

_FRAME: Final = 200
"""Characters of a block that can be opened, beside what is in it."""

_FENCES: Final = re.compile(r"`{3,}")
_MARK: Final = re.compile(r"[^\w ,;/→…()-]|_")
"""A full stop is one, too, and a colon: with them GitHub finds addresses to link to."""

_REFERENCE: Final = re.compile(r"[@#]")


def format_markdown(plan: Plan) -> str:
    """The comment, at most `LONGEST` characters: counts as its heading, what is dangerous, then what can be opened.

    What does not fit is left out and counted; two fifths are kept for changes of text.
    """
    heading = f"### edgekit diff: {summarise(plan) if plan.differs else 'no changes'}"
    states = f"{_code(format_state(plan.old))} → {_code(format_state(plan.new))}"
    top = "\n\n".join([heading, states, *_dangers(plan)])
    bottom = "\n\n".join(_costs(plan))
    room = LONGEST - _RESERVED - _size(top) - _size(bottom)
    for_text = room * 2 // 5 if plan.hunks else 0
    blocks = []
    for section in build_sections(plan):
        lines = [line for row in section.rows for line in _row(row)]
        blocks.append(_details(f"{section.title} ({len(section.rows):,})", _fence(lines, room - for_text - _FRAME)))
        room -= _size(blocks[-1]) + 2
    hunks = [_fence([f"@@ {format_where(hunk)} @@", *format_hunk(hunk)], LONGEST) for hunk in plan.hunks]
    shown = list(_fitting(hunks, room - _FRAME))
    if shown:
        blocks.append(_details(f"Changes of text ({plan.all_hunks:,})", "\n\n".join(shown)))
    left_out = plan.all_hunks - len(shown)
    note = [f"Left out: {count(left_out, 'more change')} of text; `edgekit diff` shows them."] if left_out else []
    return "\n\n".join(filter(None, [top, *blocks, *note, bottom])) + "\n"


def _dangers(plan: Plan) -> Iterator[str]:
    if plan.dangers:
        lines = [f"- :warning: {_inline(format_danger(danger))}" for danger in plan.dangers]
        shown = list(_fitting(lines, _DANGERS))
        left_out = len(lines) - len(shown)
        more = [f"- … and {count(left_out, 'more danger')}"] if left_out else []
        yield "**Look at this first**"
        yield "\n".join([*shown, *more])


def _row(row: Row) -> list[str]:
    return [f"{row.symbol} {row.text}", *(f"{field.symbol}     {field.text}" for field in row.fields)]


def _costs(plan: Plan) -> Iterator[str]:
    if plan.operations:
        lines = [f"{operations.namespace}: {format_operations(operations)}" for operations in plan.operations]
        lines += ["", *(f"{target}: {cost}" for target, cost in format_costs(plan.costs).items())]
        yield _details("Operations and costs", _fence([*lines, *format_prices(plan.costs)], LONGEST))
        yield f"<sub>{_inline(LEGEND)}</sub>"


def _details(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def _fence(lines: Sequence[str], room: int) -> str:
    """Lines in a fence that none of them can end; those that do not fit are counted."""
    lines = [escape_control(line) for line in lines]
    fence = "`" * max([3, *(len(run) + 1 for line in lines for run in _FENCES.findall(line))])
    shown = list(_fitting(lines, room - 2 * len(fence)))
    left_out = len(lines) - len(shown)
    content = "\n".join([*shown, f"… and {count(left_out, 'more line')}"] if left_out else shown)
    return f"{fence}diff\n{content}\n{fence}"


def _fitting(texts: Iterable[str], room: int) -> Iterator[str]:
    """The first texts that fit, with two characters between them."""
    for text in texts:
        room -= _size(text) + 2
        if room < 0:
            return
        yield text


def _size(text: str) -> int:
    """Characters as JavaScript counts them."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def _inline(message: str) -> str:
    """A message whose values stand in backticks. Whatever is between them, nothing of it is Markdown."""
    pieces = escape_control(message).split("`")
    return "".join(_code(piece) if number % 2 else _plain(piece) for number, piece in enumerate(pieces))


def _code(text: str) -> str:
    return f"<code>{_escape(escape_control(text))}</code>" if text else ""


def _plain(text: str) -> str:
    """Text that mentions nobody: GitHub looks for names and numbers when character references are read, but not in
    code, so behind `@` and `#` stands a space of no width."""
    return _escape(_REFERENCE.sub("\\g<0>\u200b", text))


def _escape(text: str) -> str:
    """Each mark as a character reference."""
    return _MARK.sub(lambda mark: f"&#{ord(mark[0])};", text)

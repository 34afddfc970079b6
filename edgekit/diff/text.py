"""A plan as people read it on a terminal: what is dangerous, what differs, the changes of text, what it costs."""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from edgekit.diagnostics.text import escape_control
from edgekit.diff.plan import Hunk, Plan
from edgekit.diff.sections import Row, Section, build_sections, summarise
from edgekit.diff.words import (
    DANGEROUS,
    LEGEND,
    format_costs,
    format_danger,
    format_hunk,
    format_operations,
    format_prices,
    format_state,
    format_where,
)

Style = Literal["plain", "heading", "added", "changed", "removed", "danger", "quiet"]

MOST_ROWS: Final = 40
"""Rows of a section that are shown; all are counted."""

MOST_HUNKS: Final = 20

_STYLES: Final[dict[str, Style]] = {"+": "added", "~": "changed", "-": "removed", "!": "danger", "…": "quiet"}


class Line(NamedTuple):
    """A line of text, and how it is meant; `cli` knows the colours."""

    text: str
    style: Style = "plain"


def format_text(plan: Plan) -> list[Line]:
    """The lines of a plan. The last one counts; without a difference it says so, and mostly is the only one."""
    sections = build_sections(plan)
    if not plan.differs and not sections:
        return [Line(escape_control(_last(plan)), "heading")]
    lines = [Line(f"{format_state(plan.old)} → {format_state(plan.new)}", "heading")]
    if plan.differs:
        lines.append(Line(LEGEND, "quiet"))
    if plan.dangers:
        lines += [Line(""), Line("Look at this first", "heading")]
        lines += [Line(f"  {DANGEROUS} {format_danger(danger)}", "danger") for danger in plan.dangers]
    for section in sections:
        lines += _section(section)
    if plan.hunks:
        lines += [Line(""), Line("Changes of text", "heading"), *_hunks(plan.hunks[:MOST_HUNKS])]
        if plan.all_hunks > MOST_HUNKS:
            lines.append(Line(f"  … and {plan.all_hunks - MOST_HUNKS:,} more", "quiet"))
    if plan.operations:
        lines += [Line(""), Line("Operations", "heading"), *_operations(plan)]
    lines += [Line(""), Line(_last(plan), "heading")]
    return [Line(escape_control(line.text), line.style) for line in lines]


def _last(plan: Plan) -> str:
    if plan.differs:
        return summarise(plan)
    return f"No changes: {plan.new.label} is what {plan.old.label} has."


def _section(section: Section) -> Iterator[Line]:
    yield Line("")
    yield Line(_title(section), "heading")
    for row in section.rows[:MOST_ROWS]:
        yield _row(row, "  ")
        yield from (_row(field, "      ") for field in row.fields[:MOST_ROWS])
        if len(row.fields) > MOST_ROWS:
            yield Line(f"      … and {len(row.fields) - MOST_ROWS:,} more", "quiet")
    if len(section.rows) > MOST_ROWS:
        yield Line(f"  … and {len(section.rows) - MOST_ROWS:,} more", "quiet")


def _title(section: Section) -> str:
    return section.title if len(section.rows) <= MOST_ROWS else f"{section.title} ({len(section.rows):,})"


def _row(row: Row, margin: str) -> Line:
    return Line(f"{margin}{row.symbol} {row.text}", _STYLES.get(row.symbol, "plain"))


def _hunks(hunks: tuple[Hunk, ...]) -> Iterator[Line]:
    for hunk in hunks:
        yield Line(f"  {format_where(hunk)}")
        for line in format_hunk(hunk):
            yield Line(f"    {line}", _STYLES.get(line[:1], "plain"))


def _operations(plan: Plan) -> Iterator[Line]:
    width = max(len(operations.namespace) for operations in plan.operations)
    for operations in plan.operations:
        yield Line(f"  {operations.namespace.ljust(width)}  {format_operations(operations)}")
    yield Line("")
    yield Line("Costs", "heading")
    costs = format_costs(plan.costs)
    width = max(map(len, costs))
    for target, cost in costs.items():
        yield Line(f"  {target.ljust(width)}  {cost}")
    yield from (Line(f"  {line}", "quiet") for line in format_prices(plan.costs))

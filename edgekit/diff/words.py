"""How the parts of a plan are put in words, whatever shows them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from edgekit.diagnostics.text import escape_control
from edgekit.diff.fragments import STATIC, kind_of
from edgekit.diff.plan import Action, Cost, Danger, Hunk, Operations, PageChange, State

SYMBOLS: Final[Mapping[Action, str]] = {"added": "+", "changed": "~", "removed": "-"}
KEPT: Final = "="
"""Stands before a live edit that stays as it is."""
DANGEROUS: Final = "!"
LEGEND: Final = "+ added   ~ changed   - removed   = edited in the store, and kept   ! look at it first"

_LONGEST_VALUE: Final = 80
_LONGEST_LINE: Final = 200
_MOST_LINES: Final = 12
"""Lines of a hunk that are shown, of what is removed and of what is added."""
_MOST_PAGES: Final = 4

_json = msgspec.json.Encoder(order="sorted").encode


def count(number: int, noun: str) -> str:
    """`1 page`, `1,200 pages`, `3 new bodies`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def format_value(value: Any) -> str:
    """A value as JSON, on one line; a long one is cut."""
    return shorten(_json(value).decode(errors="replace"), _LONGEST_VALUE)


def shorten(text: str, longest: int = _LONGEST_LINE) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def name_page(path: str) -> str:
    """A page by its path, an island and an item by their names."""
    _, _, name = path.partition("/")
    match kind_of(path):
        case "island":
            return f"island {name}"
        case "item":
            island, _, item = name.partition("/")
            return f"item {item} of {island}"
        case "page":
            return path


def name_pages(paths: Sequence[str]) -> str:
    """The first of some pages in backticks, and how many others."""
    others = f" and {count(len(paths) - _MOST_PAGES, 'other')}" if len(paths) > _MOST_PAGES else ""
    return ", ".join(f"`{shorten(name_page(path), _LONGEST_VALUE)}`" for path in paths[:_MOST_PAGES]) + others


def format_tiers(page: PageChange) -> str:
    """The tiers whose fragments of a page differ: `free, premium`, or `free; new: gold`."""
    if page.action != "changed":
        return ", ".join(filter(None, page.added or page.removed))
    if page.added == (STATIC,):
        return f"{', '.join(page.removed)} → the same for all"
    if page.removed == (STATIC,):
        return f"the same for all → {', '.join(page.added)}"
    parts = [", ".join(filter(None, page.changed))]
    parts += [f"new: {', '.join(page.added)}"] if page.added else []
    parts += [f"gone: {', '.join(page.removed)}"] if page.removed else []
    return "; ".join(filter(None, parts))


def format_where(hunk: Hunk) -> str:
    """`in 400 fragments (/product/p-1 and 132 other pages; tiers free, premium)`."""
    others = f" and {count(hunk.pages - 1, 'other page')}" if hunk.pages > 1 else ""
    tiers = f"; tier{'s' if len(hunk.tiers) > 1 else ''} {', '.join(hunk.tiers)}" if hunk.tiers else ""
    times = f", {count(hunk.places, 'time')}" if hunk.places > hunk.fragments else ""
    return f"in {count(hunk.fragments, 'fragment')} ({name_page(hunk.page)}{others}{tiers}){times}"


def format_hunk(hunk: Hunk) -> list[str]:
    """The lines of a hunk, each with its symbol: `- ` what was, `+ ` what is; control characters are made visible."""
    inside = bool(hunk.before or hunk.after)
    whole = (hunk.removed, hunk.added)
    sides = [f"{hunk.before}{text}{hunk.after}" if inside or text else "" for text in whole]
    # A line's end that comes or goes is all that tells them apart.
    ends = sides[0].removesuffix("\n") == sides[1].removesuffix("\n")
    removed, added = (_lines(side, ends=ends) for side in sides)
    lines = [f"- {line}" for line in removed] + [f"+ {line}" for line in added]
    return [*lines, f"… {count(hunk.cut, 'more character')}"] if hunk.cut else lines


def _lines(text: str, *, ends: bool) -> list[str]:
    if not text:
        return []
    lines = text.splitlines(keepends=True) if ends else text.removesuffix("\n").split("\n")
    shown = [shorten(_visible(line)) for line in lines[:_MOST_LINES]]
    return [*shown, f"… {count(len(lines) - _MOST_LINES, 'more line')}"] if len(lines) > _MOST_LINES else shown


def _visible(line: str) -> str:
    """A line whose control characters are escaped, and whose last spaces can be seen."""
    kept = line.rstrip(" ")
    return escape_control(kept) + "·" * (len(line) - len(kept))


def format_danger(danger: Danger) -> str:
    """A danger with the first of its pages."""
    return shorten(danger.message, 600) + (f" ({name_pages(danger.pages)})" if danger.pages else "")


def format_operations(operations: Operations) -> str:
    """`400 puts, 2 deletes, 132 new bodies, 1,200,000 bytes`."""
    parts = [(operations.puts, "put"), (operations.deletes, "delete"), (operations.bodies, "new body")]
    return ", ".join(count(number, noun) for number, noun in [*parts, (operations.bytes, "byte")] if number)


def format_costs(costs: Iterable[Cost]) -> dict[str, str]:
    """By target: `402 writes for $0.01, 398 deletes later for $0.01, …`."""
    by_target: dict[str, list[str]] = {}
    for cost in costs:
        by_target.setdefault(cost.target, []).append(_format_cost(cost))
    return {target: ", ".join(each) for target, each in by_target.items()}


def _format_cost(cost: Cost) -> str:
    match cost.what:
        case "writes":
            what = count(cost.amount, "write")
        case "deletes":
            what = f"later {count(cost.amount, 'delete')}"
        case "bytes":
            what = f"{count(cost.amount, 'byte')} to keep"
        case "free_days":
            return f"{count(cost.amount, 'day')} on the free plan"
        case "commands":
            what = count(cost.amount, "command")
    month = " a month" if cost.what == "bytes" else ""
    return what if cost.dollars is None else f"{what} for {format_dollars(cost.dollars)}{month}"


def format_prices(costs: Iterable[Cost]) -> list[str]:
    """How the costs are reckoned, when that was read, and where: a line for each source."""
    prices: dict[tuple[str, str, str], dict[str, None]] = {}
    for cost in costs:
        if cost.source:
            prices.setdefault((cost.target, cost.as_of, cost.source), {})[cost.price] = None
    return [f"{target} as of {as_of}: {'; '.join(each)} ({source})" for (target, as_of, source), each in prices.items()]


def format_dollars(dollars: float) -> str:
    """Dollars and cents; what is less than a cent is not shown as nothing."""
    return "under $0.01" if dollars < 0.01 else f"${dollars:,.2f}"


def format_state(state: State) -> str:
    return f"{state.label} ({state.release[:8]})" if state.release else f"{state.label} (nothing published)"

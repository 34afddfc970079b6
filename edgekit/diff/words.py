"""How the parts of a plan are put in words, whatever shows them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from edgekit.diagnostics.text import escape_control
from edgekit.diff.fragments import STATIC, kind_of
from edgekit.diff.plan import Action, Cost, Danger, Hunk, Operations, PageChange, Plan, State

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
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
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


def format_cost(cost: Cost) -> str:
    """`402 writes, under $0.01 ($5.00 a million, …)`."""
    dollars = "" if cost.dollars is None else f", {format_dollars(cost.dollars)}"
    return f"{cost.amount:,} {cost.what}{dollars}" + (f" ({cost.price})" if cost.price else "")


def format_sources(plan: Plan) -> list[str]:
    """Where the prices stand, and when that was read."""
    sources = sorted({(cost.source, cost.as_of) for cost in plan.costs if cost.source})
    return [f"prices as of {as_of}: {source}" for source, as_of in sources]


def format_dollars(dollars: float) -> str:
    if 0 < dollars < 0.01:
        return "under $0.01"
    return f"${dollars:,.2f}"


def format_state(state: State) -> str:
    return f"{state.label} ({state.release[:8]})" if state.release else f"{state.label} (nothing published)"


def summarise(plan: Plan) -> str:
    """The last line of a plan: how many pages and what else."""
    parts = [_count_actions(plan.pages)] if plan.pages else ["no page"]
    others = [change for change in plan.changes if change.namespace in ("ASSETS", "USER_SEGMENTS")]
    parts += _counted("asset", [change for change in others if change.namespace == "ASSETS"])
    parts += _counted("user", [change for change in others if change.namespace == "USER_SEGMENTS"])
    settings = [change for change in plan.changes if is_setting(change.key) and change.namespace == "_EDGEKIT"]
    parts += _counted("setting", settings)
    parts += _counted("tier", [tier for tier in plan.tiers if tier.action])
    dangers = f"; {count(len(plan.dangers), 'danger')}" if plan.dangers else ""
    return ", ".join(parts) + dangers


def is_setting(key: str) -> bool:
    """Is this part of a manifest one of its own, rather than how a page or island is answered?"""
    return not key.startswith(("page ", "island "))


def _counted(noun: str, found: Sequence[Any]) -> list[str]:
    return [count(len(found), noun)] if found else []


def _count_actions(pages: Iterable[PageChange]) -> str:
    actions = [page.action for page in pages]
    counted = [(actions.count(action), action) for action in SYMBOLS]
    first, *rest = [(number, action) for number, action in counted if number]
    return ", ".join([f"{count(first[0], 'page')} {first[1]}", *(f"{number:,} {action}" for number, action in rest)])

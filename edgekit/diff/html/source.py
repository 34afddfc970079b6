"""Before and after as source, side by side: changed lines and parts are marked, unchanged runs folded."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from markupsafe import Markup

from edgekit.diff.html.aligned import Line, Part, Row, align
from edgekit.diff.html.marking import show_text
from edgekit.diff.words import count

_AROUND: Final = 3
"""Unchanged lines that stand around a change."""

_FEWEST_FOLDED: Final = 4
"""Unchanged lines in a row that are worth to be folded."""

_MOST_FOLDED: Final = 200
"""Unchanged lines in a row that a reader can unfold; of more, only their number is said."""

_MOST_ROWS: Final = 400
"""Rows with a change, or around one."""

_MOST_ALONE: Final = 100
"""Lines of a page that comes or goes."""

_MOST_PARTS: Final = 60
"""Changed parts of one line."""

_LONGEST_SAME: Final = 240
"""Bytes of unchanged text within a line."""

_LONGEST_CHANGED: Final = 2000
"""Bytes of one changed part."""

_TABLE: Final = Markup(
    '<table class="source"><caption class="unseen-by-eye">{}, before and after</caption>'
    "<colgroup><col class=number><col><col class=number><col></colgroup>"
    '<thead class="unseen-by-eye"><tr><th scope=col>Line<th scope=col>Before<th scope=col>Line<th scope=col>After'
    "</tr></thead>{}</table>"
)
_BODY: Final = Markup("<tbody>{}</tbody>")
_FOLD: Final = Markup(
    "<tbody class=fold><tr><td colspan=4><button type=button class=unfold>{}</button>"
    '<template data-shift="{}">{}</template></tr></tbody>'
)
_NOTE: Final = Markup("<tbody class=fold><tr><td colspan=4>{}</tr></tbody>")
_ROW: Final = Markup('<tr class="%s">%s%s</tr>\n')
_CELL: Final = Markup('<td class="number %s">%s<td class="code %s">%s')
_CHANGED: Final = Markup("<%s>%s</%s>")
_WHOLE: Final = Markup("<%s class=whole>%s</%s>")
_GAP: Final = Markup("<i class=left-out>… {} …</i>")


class Bodies(NamedTuple):
    """What is compared: two bodies, None where there is none, and whether each is a static page's."""

    old: bytes | None
    new: bytes | None
    was_static: bool
    is_static: bool


def show_source(title: str, bodies: Bodies) -> Markup:
    """A table of both bodies; `title` says for whom."""
    shown: list[Markup] = []
    left = _MOST_ALONE if bodies.old is None or bodies.new is None else _MOST_ROWS
    runs = list(_runs(bodies))
    for differs, run in runs:
        if not differs and len(run) >= _FEWEST_FOLDED:
            shown.append(_fold(run, bodies))
            continue
        shown.append(_BODY.format(_show_rows(run[:left], bodies)))
        left -= len(run)
        if left < 0:
            shown.append(_NOTE.format("What follows is not in this report."))
            break
    if not any(differs for differs, _ in runs):
        shown.append(_NOTE.format("They differ in how the last line ends."))
    return _TABLE.format(title, Markup().join(shown))


def _runs(bodies: Bodies) -> Iterator[tuple[bool, list[Row]]]:
    """Rows in runs: those that differ with what is around them, and those between."""
    rows = list(align(bodies.old, bodies.new))
    near = [False] * len(rows)
    for at, row in enumerate(rows):
        if row.differs:
            start, end = max(0, at - _AROUND), min(len(rows), at + _AROUND + 1)
            near[start:end] = [True] * (end - start)
    for differs, run in groupby(zip(near, rows, strict=True), key=lambda item: item[0]):
        yield differs, [row for _, row in run]


def _fold(run: list[Row], bodies: Bodies) -> Markup:
    lines = count(len(run), "unchanged line")
    if len(run) > _MOST_FOLDED:
        return _NOTE.format(f"{lines}, not in this report")
    # Both sides have the same text, so it stands there once: the script makes the other side's cells.
    shown = (_ROW % ("same", _show_cells(row.old, row, "gone", static=bodies.was_static), "") for row in run)
    shift = run[0].new.number - run[0].old.number if run[0].old and run[0].new else 0
    return _FOLD.format(lines, shift, Markup().join(shown))


def _show_rows(rows: list[Row], bodies: Bodies) -> Markup:
    return Markup().join(
        _ROW
        % (
            "differs" if row.differs else "same",
            _show_cells(row.old, row, "gone", static=bodies.was_static),
            _show_cells(row.new, row, "come", static=bodies.is_static),
        )
        for row in rows
    )


def _show_cells(line: Line | None, row: Row, changed: str, *, static: bool) -> Markup:
    if line is None:
        return _CELL % ("none", "", "none", "")
    side = "old" if changed == "gone" else "new"
    kind = f"{side} {changed}" if row.differs else side
    tag = ("del" if changed == "gone" else "ins") if row.differs else ""
    return _CELL % (kind, line.number, kind, _show_line(line, tag, alone=None in row, static=static))


def _show_line(line: Line, tag: str, *, alone: bool, static: bool) -> Markup:
    """The text of a line; its changed parts stand in `tag`, all of it if it stands alone."""
    parts: tuple[Part, ...] = ((0, len(line.text)),) if alone and tag else line.changed
    if not parts:
        return _show_part(line.text, _LONGEST_CHANGED, static=static)
    shown, at = [], 0
    for start, end in parts[:_MOST_PARTS]:
        shown.append(_show_part(line.text[at:start], _LONGEST_SAME, static=static))
        if start < end:
            text = _show_part(line.text[start:end], _LONGEST_CHANGED, static=static)
            shown.append((_WHOLE if (start, end) == (0, len(line.text)) else _CHANGED) % (tag, text, tag))
        at = end
    if len(parts) > _MOST_PARTS:
        shown.append(_GAP.format(count(len(parts) - _MOST_PARTS, "more change")))
    shown.append(_show_part(line.text[at:], _LONGEST_SAME, static=static))
    return Markup().join(shown)


def _show_part(text: bytes, longest: int, *, static: bool) -> Markup:
    """Some text of a line; of a long one both ends. Bodies are UTF-8; one that is damaged is shown all the same."""
    if len(text) <= longest:
        return show_text(text.decode(errors="replace"), static=static)
    half = longest // 2
    before, after = text[:half].decode(errors="ignore"), text[-half:].decode(errors="ignore")
    gap = _GAP.format(count(len(text) - 2 * half, "byte"))
    return show_text(before, static=static) + gap + show_text(after, static=static)

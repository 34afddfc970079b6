"""Whether an island or item is whole, so that a page it is put into is what it was (contract, section 5.2).

Decided by a WHATWG-conforming parser (lexbor): put into each container in which a mark may stand, the island is read in
the same way and leaves no trace behind it. So no element, comment or formatting stays open, and no end tag or implied
end reaches what is around it.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from html.parser import HTMLParser
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from edgekit.compiler.composition import (
    AT_SEAM,
    NESTS,
    SEAM_HELP,
    Misfit,
    Piece,
    fill_text,
    find_spot,
    list_readings,
)


def check_island(pieces: Sequence[Piece]) -> list[Misfit]:
    """What keeps an island or item from being whole."""
    text = fill_text(pieces, "\0")
    if tag := _OF_DOCUMENT.search(text):
        what = f"the island holds `{tag[0]}`, a part of a whole page"
        return [Misfit("EK312", find_spot(pieces, tag.start()), what, "leave it out: an island extends no layout")]
    if seam := AT_SEAM.search(text):
        what = f"the island ends in `{seam[0]}`, which may begin a tag or a character together with what follows"
        return [Misfit("EK312", find_spot(pieces, seam.start()), what, SEAM_HELP)]
    for filled in dict.fromkeys([fill_text(pieces, ""), fill_text(pieces, "x")]):
        for scripting in list_readings(filled.lower()):
            readings = {_read_inside(*surroundings, filled, scripting) for surroundings in _surroundings()}
            if None in readings or len(readings) > 1:
                at, what, help = _explain(text)
                return [Misfit("EK312", find_spot(pieces, at), f"the island is not whole: {what}", help)]
        if "<select" in filled.lower() and _is_disputed(filled):
            at = text.lower().index("<select")
            what = "the island holds a `<select>` with more than options, which browsers read in different ways"
            help = "keep to `<option>`, `<optgroup>` and `<hr>` there"
            return [Misfit("EK312", find_spot(pieces, at), what, help)]
        if _SHADOW in filled.lower() and LexborHTMLParser(filled).css_first(f"template[{_SHADOW}]"):
            what = "the island declares a shadow root, which may be that of the element around it"
            help = "let the page declare it, or a script of the page attach it"
            return [Misfit("EK312", find_spot(pieces, text.lower().index(_SHADOW)), what, help)]
    return []


_SHADOW: Final = "shadowrootmode"
"""On `<template>`: browsers make it its parent's shadow root, but not in what a script puts in (HTML 13.2.6.4.4)."""

_OF_DOCUMENT: Final = re.compile(r"<(?:!doctype|/?(?:html|head|body|frameset)(?=[\s/>]))", re.IGNORECASE | re.ASCII)

_BEHIND: Final = "x<i></i><form></form>"
"""Text, which foreign content left open takes in, as formatting does `<i>`; a form left open drops the next one."""


def _surround(head: str, nest: Sequence[str]) -> tuple[str, str, tuple[str, str]]:
    """What stands before and behind an island, as it is written and as it is read."""
    before = head + "".join(f"<{name}>" for name in nest)
    after = _BEHIND + "".join(f"</{name}>" for name in reversed(nest))
    start, _, end = (LexborHTMLParser(f"{before}<!---->{after}").html or "").partition("<!---->")
    assert end.startswith(after), end
    return before, after, (start, end)


@cache
def _surroundings() -> tuple[tuple[str, str, tuple[str, str]], ...]:
    return tuple(_surround(head, nest) for head, nest in NESTS)


def _read_inside(before: str, after: str, expected: tuple[str, str], text: str, scripting: bool) -> str | None:
    """The island as it is read there; None if the surroundings are not as they were."""
    html = LexborHTMLParser(before + text + after, scripting=scripting).html or ""
    start, end = expected
    if not html.startswith(start) or not html.endswith(end) or len(html) < len(start) + len(end):
        return None
    return html[len(start) : len(html) - len(end)]


def _is_disputed(text: str) -> bool:
    return any(node.tag not in ("option", "optgroup", "hr") for node in LexborHTMLParser(text).css("select *"))


_VOID: Final = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "image", "img", "input", "link", "meta", "param", "source", "track",
        "wbr",
    }
)  # fmt: skip
"""Elements without an end tag (HTML standard, 13.1.2), and the old spelling of `img`."""

_PARTS: Final = {
    "li": "ul", "dd": "dl", "dt": "dl", "tr": "table", "td": "table", "th": "table", "tbody": "table",
    "thead": "table", "tfoot": "table", "caption": "table", "col": "table", "colgroup": "table",
}  # fmt: skip


class _Tags(HTMLParser):
    """Finds what is most likely wrong with an island, to say it: nothing is decided by it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, tuple[int, int]]] = []
        self.fault: tuple[tuple[int, int], str, str] | None = None

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _PARTS and not any(name in (_PARTS[tag], "ol", "menu") for name, _ in self.open):
            whole = f"`<{_PARTS[tag]}>`"
            help = f"put the whole {whole} into the island; for a list of items use `<div>` with `role`"
            self._note(f"`<{tag}>` stands in no {whole}", help)
        if tag not in _VOID:
            self.open.append((tag, self.getpos()))

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _ in self.open]
        if tag not in names:
            self._note(f"`</{tag}>` closes nothing", "leave it out, or open the element")
        elif names[-1] != tag:
            self._note(f"`</{tag}>` stands before the end of `<{names[-1]}>`", "close elements in the order they open")
            del self.open[len(names) - 1 - names[::-1].index(tag) :]
        else:
            self.open.pop()

    def _note(self, what: str, help: str) -> None:
        self.fault = self.fault or (self.getpos(), what, help)


def _explain(text: str) -> tuple[int, str, str]:
    """Where an island that is not whole most likely goes wrong, how, and the way out."""
    tags = _Tags()
    with suppress(AssertionError):  # it refuses odd declarations
        tags.feed(text)
    place = (1, 0)
    what = "pages would read it, or what follows it, in another way than it is read here"
    help = "let it close all that it opens, in order, and nothing else; no `<table>` stands in a `<p>`"
    if tags.fault is not None:
        place, what, help = tags.fault
    elif tags.open:
        name, place = tags.open[-1]
        what, help = f"`<{name}>` is not closed", f"close it: `</{name}>`"
    elif tags.rawdata:
        place, what = tags.getpos(), "a tag or comment is not closed"
    line, column = place
    return sum(len(part) for part in text.split("\n")[: line - 1]) + line - 1 + column, what, help

"""Probes: what stands in for values and data while a page is parsed, and where the parser left them."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from edgekit.compiler.opaque import Placed
from edgekit.compiler.outline import PROBES, Hole, is_free
from edgekit.compiler.places import ATTRIBUTE_NAME, Misplaced, Place, is_value, judge_broken, judge_place
from edgekit.compiler.scripts import Script
from edgekit.compiler.trace import Text
from edgekit.compiler.urls import Part
from edgekit.fragment.encodings import ENCODERS
from edgekit.model.placeholder import Encoding

Piece = Text | Placed | Hole

_TABLE: Final = frozenset({"table", "tbody", "thead", "tfoot", "tr", "colgroup"})
"""Elements out of which a parser moves text."""

_NO_MARKUP: Final = frozenset({"title", "textarea", "script"})
"""Elements with text in which a comment is text."""


class Probe(NamedTuple):
    """`mark` is told from all others; `value` is what the document shows, with `mark` behind `lead` characters."""

    of: Placed | Hole
    mark: str
    value: str
    written: str
    lead: int


# Letters first: behind a `<` or `&` they would begin a tag or a character reference.
_HOSTILE: Final = " \"'<>&`=/{}--!>]]>\t&lt;&quot;<script>x</script><b title='end"
_WORD: Final = "probe"
_WORDS: Final = re.compile(f"{_WORD}e*")
_UNQUOTED: Final = " =/>"
"""Ends a value without quotes; percent-encoding leaves nothing that would."""


def make_probes(probed: Sequence[Placed | Hole], text: str) -> list[Probe]:
    longest = max(map(len, _WORDS.findall(text)), default=0)
    word = _WORD + "e" * (longest - len(_WORD) + 1 if longest else 0)
    return [_make_probe(f"lt{number}{word}", of) for number, of in enumerate(probed)]


def _make_probe(mark: str, of: Placed | Hole) -> Probe:
    if isinstance(of, Hole):
        value = mark + PROBES[of.kind]
        return Probe(of, mark, value, value, 0)
    value = mark + _HOSTILE
    encoding: Encoding = of.form  # type: ignore[assignment]
    written = ENCODERS[encoding](value)
    match encoding:
        case "":
            return Probe(of, mark, value, written, 0)
        case "href":
            return Probe(of, mark, value.replace("\t", ""), written, 0)
        case "json":
            return Probe(of, mark, written, written, written.index(mark))
        case "url" | "path":
            return Probe(of, mark, written + _UNQUOTED, written + _UNQUOTED, 0)


def fill_page(pieces: Sequence[Piece], values: Sequence[str]) -> str:
    """The page with values in the places of slots (and holes), and comments in those of lists and marks."""
    following = iter(values)
    return "".join(
        piece.text if type(piece) is Text else next(following) if type(piece) is Hole or is_value(piece) else "<!---->"
        for piece in pieces
    )


class Places:
    """Where each probe came out whole or broken in a parsed page."""

    def __init__(self, probes: Sequence[Probe], tree: LexborHTMLParser) -> None:
        self.probes = probes
        self.whole: dict[int, list[Place]] = {}
        self.broken: dict[int, tuple[str | None, str]] = {}
        word = probes[0].mark.removeprefix("lt0")
        self._word = word
        self._mark = re.compile(f"lt([0-9]+){word}")
        assert tree.root is not None
        for node in tree.root.traverse(include_text=True):
            if node.is_text_node:
                self._find(node.text_content or "", "text", node.parent)
            elif node.is_element_node:
                self._note(node.tag or "", "in the name of an element")
                for name, value in node.attributes.items():
                    self._note(name, ATTRIBUTE_NAME)
                    self._find(value or "", name, node)
            elif node.is_comment_node:
                self._note(node.comment_content or "", "in a comment")

    def _find(self, text: str, kind: str, element: LexborNode | None) -> None:
        if self._word not in text or element is None:
            return
        parts: list[Part] = []
        whole: list[tuple[int, int]] = []
        readable = True  # a value that breaks a script breaks it for the others, which are not to blame
        end = 0
        for mark in self._mark.finditer(text):
            number = int(mark[1])
            probe = self.probes[number]
            start = mark.start() - probe.lead
            if start >= end and text.startswith(probe.value, start):
                shown = probe.value if isinstance(probe.of, Hole) else probe.of
                parts += [text[end:start], shown] if start > end else [shown]
                end = start + len(probe.value)
                whole.append((number, len(parts) - 1))
            else:
                self.broken.setdefault(number, (kind, element.tag or ""))
                readable = False
        parts += [text[end:]] if end < len(text) else []
        attributes = element.attributes
        script = Script(parts, attributes) if kind == "text" and element.tag == "script" and readable else None
        for number, at in whole:
            place = Place(kind, element.tag or "", attributes, _around(element), parts, at, script)
            self.whole.setdefault(number, []).append(place)

    def _note(self, text: str, where: str) -> None:
        if self._word in text:
            for mark in self._mark.finditer(text):
                self.broken[int(mark[1])] = None, where

    def judge(self) -> Iterator[Misplaced]:
        """What is wrong with the slots, in their order."""
        for number, probe in enumerate(self.probes):
            if isinstance(probe.of, Hole):
                continue
            places = self.whole.get(number, [])
            if not places or number in self.broken:
                yield judge_broken(probe.of, *self.broken.get(number, (None, "")))
            elif len(places) > 1:
                what = "it stands in an element that an HTML parser repeats, because it is closed in the wrong order"
                yield Misplaced(probe.of, "EK302", what, "close elements in the order they were opened")
            elif problem := judge_place(places[0]):
                yield problem

    def write_nothing(self) -> list[str]:
        """For each probe what is nothing to a parser in its place: a comment where it stands in text, else no text."""
        return [f"<!--{probe.mark}-->" if self._is_markup(number) else "" for number, probe in enumerate(self.probes)]

    def _is_markup(self, number: int) -> bool:
        place = self.whole[number][0]
        return place.kind == "text" and place.element not in _NO_MARKUP

    def find_moved(self, empty: LexborHTMLParser) -> Iterator[Misplaced]:
        """Slots whose text does not stand where the comments of `write_nothing` do, in a page filled with those.

        The parser takes text out of a table, unless it is white space (HTML 13.2.6.1, foster parenting).
        """
        assert empty.root is not None
        for node in empty.root.traverse(include_text=False):
            if node.is_comment_node and (mark := self._mark.fullmatch(node.comment_content or "")):
                probe = self.probes[int(mark[1])]
                if isinstance(probe.of, Placed) and node.parent is not None and node.parent.tag in _TABLE:
                    what = f"it stands in `<{node.parent.tag}>`, which an HTML parser moves text out of"
                    yield Misplaced(probe.of, "EK302", what, "put it into a cell, `<td>` or `<th>`, or a `<caption>`")

    def are_free(self) -> bool:
        """Whether all holes are free."""
        for number, probe in enumerate(self.probes):
            places = self.whole.get(number, [])
            if isinstance(probe.of, Hole) and (
                len(places) != 1 or number in self.broken or not is_free(probe.of, places[0])
            ):
                return False
        return True


def _around(element: LexborNode) -> frozenset[str]:
    names = set()
    node: LexborNode | None = element
    while node is not None:
        names.add(node.tag or "")
        node = node.parent
    return frozenset(names)

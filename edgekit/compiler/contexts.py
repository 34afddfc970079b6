"""Whether every slot of a finished text stands in a safe place: decided by a WHATWG-conforming parser (lexbor).

The page is parsed with a probe in the place of each value. A probe holds every character that a value may bring, as its
encoding writes it, so a place that does not hold (an unquoted attribute, a comment, a tag's name) breaks it. A slot may
stand where its probe comes out whole, and once, in a place that `places` allows. The page is parsed again with empty
values: it must have the same elements and attributes, or values could change the page's structure.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from edgekit.compiler.opaque import Placed
from edgekit.compiler.outline import PROBES, Hole, is_free, outline_of, read_outline
from edgekit.compiler.places import Misplaced, Place, is_value, judge_broken, judge_place
from edgekit.compiler.trace import Text
from edgekit.compiler.urls import Part
from edgekit.fragment.encodings import ENCODERS
from edgekit.model.digest import digest
from edgekit.model.placeholder import Encoding


class Contexts:
    """Checks one page after the other, and those of one outline once."""

    def __init__(self) -> None:
        self.proved: dict[bytes, bool] = {}

    def check(self, pieces: Sequence[Text | Placed]) -> list[Misplaced]:
        """The same as `check_contexts`."""
        if not any(map(is_value, pieces)):
            return []
        outline = outline_of(pieces)
        if outline is None:
            return check_contexts(pieces)
        key = digest(outline.encode())
        if self.proved.get(key):
            return []
        found = check_contexts(pieces)
        if not found and key not in self.proved:
            if len(self.proved) == _MOST_OUTLINES:
                self.proved.clear()
            self.proved[key] = _prove(read_outline(outline, pieces))
        return found


_MOST_OUTLINES: Final = 65_536
"""Some 8 MB."""

Piece = Text | Placed | Hole


def check_contexts(pieces: Sequence[Piece]) -> list[Misplaced]:
    """The slots of a finished text that stand in an unsafe place."""
    slots = [piece for piece in pieces if is_value(piece)]
    if not slots:
        return []
    text = "".join(piece.text for piece in pieces if type(piece) is Text).lower()
    found = _find_references(pieces) + _find_disputed(slots, text)
    probes = _make_probes(slots, text)
    probed = _fill(pieces, [probe.written for probe in probes])
    empty = _fill(pieces, [""] * len(slots))
    for scripting in _readings(text):
        tree = _parse(probed, scripting)
        found += _Places(probes, tree).judge()
        if found:
            return found
        if _skeleton(tree) != _skeleton(_parse(empty, scripting)):
            what = "another value of a slot would change the elements of the page"
            help = "put slots inside an element that may hold text, such as `<p>` or `<span>`"
            return [Misplaced(slots[0], "EK302", what, help)]
    return []


def _prove(pieces: Sequence[Piece]) -> bool:
    """Whether what was left out of an outline is free."""
    probed = [piece for piece in pieces if type(piece) is Hole or is_value(piece)]
    text = "".join(piece.text for piece in pieces if type(piece) is Text).lower()
    probes = _make_probes(probed, text)
    page = _fill(pieces, [probe.written for probe in probes])
    return all(_Places(probes, _parse(page, scripting)).are_free() for scripting in _readings(text))


def _readings(text: str) -> tuple[bool, ...]:
    """Whether scripts run, in the browsers that read a page differently: to some, `<noscript>` is raw text."""
    return (False, True) if "<noscript" in text else (True,)


def _parse(page: str, scripting: bool) -> LexborHTMLParser:
    return LexborHTMLParser(page.removeprefix(_BOM), scripting=scripting)


_BOM: Final = "\ufeff"
"""No part of the text to a browser (Encoding standard, 6: UTF-8 decode), but to the parser."""


def _find_disputed(slots: Sequence[Placed], text: str) -> list[Misplaced]:
    """A page that browsers of today do not all parse alike."""
    if "<select" in text:
        for node in LexborHTMLParser(text).css("select *"):
            if node.tag not in _IN_SELECT:
                what = (
                    f"it stands on a page with `<{node.tag}>` inside `<select>`, which browsers read in different ways"
                )
                return [Misplaced(slots[0], "EK301", what, "keep to `<option>`, `<optgroup>` and `<hr>` there")]
    return []


_IN_SELECT: Final = frozenset({"option", "optgroup", "hr"})


def _find_references(pieces: Sequence[Piece]) -> list[Misplaced]:
    return [
        Misplaced(
            piece,
            "EK301",
            "it stands behind a `&` and could become a character reference",
            "write `&amp;` for the sign itself, or leave it out",
        )
        for number, piece in enumerate(pieces)
        if is_value(piece) and _follows_reference(pieces, number)
    ]


_ALPHANUMERIC: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _follows_reference(pieces: Sequence[Piece], number: int) -> bool:
    """Whether what stands before a piece ends in `&`, `&#` or the begin of a reference's name or number."""
    for at in range(number - 1, -1, -1):
        piece = pieces[at]
        if type(piece) is not Text:
            return False
        rest = str(piece.text).rstrip(_ALPHANUMERIC)
        if rest not in ("", "#"):
            return rest.endswith(("&", "&#"))
    return False


class _Probe(NamedTuple):
    """`mark` is told from all others; `value` is what the document shows, with `mark` behind `lead` characters."""

    of: Placed | Hole
    mark: str
    value: str
    written: str
    lead: int


# Letters first: behind a `<` or `&` they would begin a tag or a character reference.
_HOSTILE: Final = " \"'<>&`=/{}--!>]]>\t&lt;&quot;<script>x</script><b title='end"
_WORD: Final = "probe"
_UNQUOTED: Final = " =/>"
"""Ends a value without quotes; percent-encoding leaves nothing that would."""


def _make_probes(probed: Sequence[Placed | Hole], text: str) -> list[_Probe]:
    word = _WORD
    while word in text:
        word += "e"
    return [_make_probe(f"lt{number}{word}", of) for number, of in enumerate(probed)]


def _make_probe(mark: str, of: Placed | Hole) -> _Probe:
    if isinstance(of, Hole):
        value = mark + PROBES[of.kind]
        return _Probe(of, mark, value, value, 0)
    value = mark + _HOSTILE
    encoding: Encoding = of.form  # type: ignore[assignment]
    written = ENCODERS[encoding](value)
    match encoding:
        case "":
            return _Probe(of, mark, value, written, 0)
        case "href":
            return _Probe(of, mark, value.replace("\t", ""), written, 0)
        case "json":
            return _Probe(of, mark, written, written, written.index(mark))
        case "url" | "path":
            return _Probe(of, mark, written + _UNQUOTED, written + _UNQUOTED, 0)


def _fill(pieces: Sequence[Piece], values: Sequence[str]) -> str:
    """The page with values in the places of slots (and holes), and comments in those of lists and marks."""
    following = iter(values)
    return "".join(
        piece.text if type(piece) is Text else next(following) if type(piece) is Hole or is_value(piece) else "<!---->"
        for piece in pieces
    )


class _Places:
    """Where each probe came out whole or broken in a parsed page."""

    def __init__(self, probes: Sequence[_Probe], tree: LexborHTMLParser) -> None:
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
                    self._note(name, "in the name of an attribute")
                    self._find(value or "", name, node)
            elif node.is_comment_node:
                self._note(node.comment_content or "", "in a comment")

    def _find(self, text: str, kind: str, element: LexborNode | None) -> None:
        if self._word not in text or element is None:
            return
        parts: list[Part] = []
        whole: list[tuple[int, int]] = []
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
        parts += [text[end:]] if end < len(text) else []
        for number, at in whole:
            place = Place(kind, element.tag or "", element.attributes, _around(element), parts, at)
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

    def are_free(self) -> bool:
        """Whether all holes are free, and nothing is wrong with the slots."""
        for number, probe in enumerate(self.probes):
            places = self.whole.get(number, [])
            if isinstance(probe.of, Hole) and (
                len(places) != 1 or number in self.broken or not is_free(probe.of, places[0])
            ):
                return False
        return not any(self.judge())


def _around(element: LexborNode) -> frozenset[str]:
    names = set()
    node: LexborNode | None = element
    while node is not None:
        names.add(node.tag or "")
        node = node.parent
    return frozenset(names)


def _skeleton(tree: LexborHTMLParser) -> list[object]:
    """Whether there is a doctype; then the page's elements, each with the names of its attributes and its parent's."""
    assert tree.root is not None
    skeleton: list[object] = [tree.root.prev is not None]
    for node in tree.root.traverse(include_text=False):
        skeleton.append((node.tag, tuple(node.attributes), node.parent.tag if node.parent is not None else None))
    return skeleton

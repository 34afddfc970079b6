"""Whether every slot of a finished text stands in a safe place: decided by a WHATWG-conforming parser (lexbor).

The page is parsed with a probe in the place of each value. A probe holds every character that a value may bring, as its
encoding writes it, so a place that does not hold (an unquoted attribute, a comment, a tag's name) breaks it. A slot may
stand where its probe comes out whole, and once, in a place that `places` allows. The page is parsed again with values
that are nothing to a parser: empty ones, and in text comments. It must have the same elements and attributes, or values
could change the page's structure; and no comment may stand where the parser moves text away.

Of pages with one `outline`, the first is parsed, and once more to prove that the outline says enough.
"""

from collections.abc import Sequence
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.outline import Hole, outline_of, read_outline
from edgekit.compiler.places import Misplaced, Place, is_value
from edgekit.compiler.probes import Piece, Places, fill_page, make_probes
from edgekit.compiler.run import Location
from edgekit.compiler.trace import Text
from edgekit.model.digest import digest

_Refusal = tuple[int, str, str, str]
"""The slot of a finding, by its number on the page; code, what and help."""


def as_document(pieces: Sequence[Text | Placed | Mark], here: Location, *, island: bool) -> list[Text | Placed]:
    """What is parsed of a page: comments where islands and items go, and around an `island` the begin of a page.

    `here` is the place of text that no template has.
    """
    document: list[Text | Placed] = []
    for piece in pieces:
        if type(piece) is Mark or (type(piece) is Placed and piece.slot.island):
            document.append(Text("<!---->", piece.location or here))
        else:
            document.append(piece)  # type: ignore[arg-type]
    return [Text("<!doctype html><body><div>", here), *document, Text("</div>", here)] if island else document


class Contexts:
    """Checks one page after the other, and those of one outline once.

    `proved` has what was found in a page, by the digest of its outline; None if the outline does not say enough.
    """

    def __init__(self) -> None:
        self.proved: dict[bytes, tuple[_Refusal, ...] | None] = {}

    def check(self, pieces: Sequence[Text | Placed]) -> list[Misplaced]:
        """The same as `check_contexts`."""
        if not any(map(is_value, pieces)):
            return []
        outline = outline_of(pieces)
        if outline is None:
            return check_contexts(pieces)
        key = digest(outline.encode())
        slots = [piece for piece in pieces if is_value(piece)]
        proved = self.proved.get(key)
        if proved is not None:
            return [Misplaced(slots[number], *rest) for number, *rest in proved]
        found = check_contexts(pieces)
        if key not in self.proved:
            if len(self.proved) == _MOST_OUTLINES:
                self.proved.clear()
            numbers = {id(slot): number for number, slot in enumerate(slots)}
            refusals = tuple((numbers[id(placed)], code, what, help) for placed, code, what, help in found)
            self.proved[key] = refusals if _prove(read_outline(outline, pieces), found) else None
        return found


_MOST_OUTLINES: Final = 65_536
"""Some 8 MB."""


def check_contexts(pieces: Sequence[Piece]) -> list[Misplaced]:
    """The slots of a finished text that stand in an unsafe place."""
    slots = [piece for piece in pieces if is_value(piece)]
    if not slots:
        return []
    text = "".join(piece.text for piece in pieces if type(piece) is Text).lower()
    found = _find_references(pieces) + _find_disputed(slots, text)
    probes = make_probes(slots, text)
    probed = fill_page(pieces, [probe.written for probe in probes])
    for scripting in _readings(text):
        tree = _parse(probed, scripting)
        places = Places(probes, tree)
        refused = [problem.placed for problem in found]
        found += [problem for problem in places.judge() if problem.placed not in refused]
        if found:
            return found
        empty = _parse(fill_page(pieces, places.write_nothing()), scripting)
        found = [*places.find_moved(empty)]
        if not found and _skeleton(tree) != _skeleton(empty):
            what = "another value of a slot would change the elements of the page"
            help = "put slots inside an element that may hold text, such as `<p>` or `<span>`"
            found = [Misplaced(slots[0], "EK302", what, help)]
        if found:
            return found
    return []


def find_places(pieces: Sequence[Text | Placed]) -> list[tuple[Placed, Place]]:
    """Where each slot stands, of a finished text in which all stand in safe places."""
    slots = [piece for piece in pieces if is_value(piece)]
    if not slots:
        return []
    text = "".join(piece.text for piece in pieces if type(piece) is Text).lower()
    probes = make_probes(slots, text)
    places = Places(probes, _parse(fill_page(pieces, [probe.written for probe in probes]), scripting=True))
    return [(slot, places.whole[number][0]) for number, slot in enumerate(slots)]


def _prove(pieces: Sequence[Piece], found: Sequence[Misplaced]) -> bool:
    """Whether what was left out of an outline is free, so that each of its pages has what was `found` in one."""
    probed = [piece for piece in pieces if type(piece) is Hole or is_value(piece)]
    text = "".join(piece.text for piece in pieces if type(piece) is Text).lower()
    probes = make_probes(probed, text)
    page = fill_page(pieces, [probe.written for probe in probes])
    readings = [Places(probes, _parse(page, scripting)) for scripting in _readings(text)]
    return all(places.are_free() and (found or not any(places.judge())) for places in readings)


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


def _skeleton(tree: LexborHTMLParser) -> list[object]:
    """Whether there is a doctype; then the page's elements, each with the names of its attributes and its parent's."""
    assert tree.root is not None
    before = tree.root.prev
    while before is not None and before.is_comment_node:
        before = before.prev
    skeleton: list[object] = [before is not None]
    for node in tree.root.traverse(include_text=False):
        if not node.is_comment_node:
            skeleton.append((node.tag, tuple(node.attributes), node.parent.tag if node.parent is not None else None))
    return skeleton

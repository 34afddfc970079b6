"""Where in the HTML a slot stands: decided by a WHATWG-conforming parser (lexbor) over the finished text.

The page is parsed with a probe in the place of each value. A probe holds every character that a value may bring, as its
encoding writes it, so a place that does not hold (an unquoted attribute, a comment, a tag's name) breaks it. A slot may
stand where its probe comes out whole, in element text or in an attribute of the list below. The page is parsed again
with empty values: it must have the same elements, or values could change the page's structure.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from edgekit.compiler.opaque import Placed
from edgekit.compiler.trace import Text
from edgekit.fragment.encodings import ENCODERS
from edgekit.model.placeholder import Encoding

_ATTRIBUTES: Final = frozenset({"title", "alt", "value", "placeholder", "label", "datetime"})
"""Attributes that hold text for people, on any HTML element (of `value`, see `_OTHER_VALUE`)."""

_PREFIXES: Final = ("aria-", "data-")

_RUN_PREFIXES: Final = (
    "data-bind", "data-hx-", "data-x-", "data-v-", "data-ng-", "data-on", "data-action", "data-controller",
    "data-reactive", "data-wp-", "data-turbo", "data-alpine", "data-template", "data-signals", "data-star",
)  # fmt: skip
"""Attributes that frameworks run as code or as selectors."""

_OTHER_VALUE: Final = frozenset({"button", "input", "option", "data", "meter", "progress", "li", "param"})
"""Elements whose `value` is defined; only text-like ones may hold a slot."""

_TEXT_VALUE: Final = frozenset({"button", "input", "option", "data"})

_NO_TEXT: Final = frozenset(
    {
        "script", "style", "noscript", "iframe", "noembed", "noframes", "xmp", "plaintext", "template", "svg", "math",
        "object", "embed", "select", "html", "head", "table", "tbody", "thead", "tfoot", "tr", "colgroup", "frameset",
    }
)  # fmt: skip
"""Elements whose own text may hold no slot: raw text, foreign content, and where text is moved or dropped."""

_NO_ATTRIBUTE: Final = frozenset({"script", "link", "style", "meta", "base", "iframe", "frame", "object", "embed"})
"""Elements that load or configure: none of their attributes may hold a slot."""

_REFERENCE: Final = re.compile(r"&#?[0-9A-Za-z]*\Z")
"""The begin of a character reference, which a value would complete."""

_NO_INSIDE: Final = frozenset({"svg", "math", "noscript", "template", "iframe", "object"})
"""Elements in which nothing may hold a slot, however deep."""


class Misplaced(NamedTuple):
    """A slot that may not stand where it stands: which, why (a clause), and the way out."""

    placed: Placed
    code: str
    what: str
    help: str


def check_contexts(pieces: Sequence[Text | Placed]) -> list[Misplaced]:
    """The slots of a finished text that stand in an unsafe place."""
    slots = [piece for piece in pieces if type(piece) is Placed]
    if not slots:
        return []
    probes = [_probe(number, placed) for number, placed in enumerate(slots)]
    found = _find_references(pieces)
    empty = _readings(_fill(pieces, [""] * len(slots)))
    for with_probes, without in zip(_readings(_fill(pieces, [probe.written for probe in probes])), empty, strict=True):
        tree = LexborHTMLParser(with_probes)
        places = _Places(probes)
        places.read(tree)
        found += [problem for problem in map(places.judge, range(len(slots)), slots) if problem is not None]
        if found:
            return found
        if _skeleton(tree) != _skeleton(LexborHTMLParser(without)):
            what = "another value of a slot would change the elements of the page"
            way_out = "put slots inside an element that may hold text, such as `<p>` or `<span>`"
            return [Misplaced(slots[0], "EK302", what, way_out)]
    return []


_NOSCRIPT: Final = re.compile(r"<(/?)noscript(?=[\s/>])", re.IGNORECASE)


def _readings(page: str) -> list[str]:
    """The page as a browser reads it without scripts and, where that differs, with them.

    With scripts the content of `<noscript>` is raw text, as that of `<noembed>` always is.
    """
    with_scripts = _NOSCRIPT.sub(r"<\1noembed", page)
    return [page] if with_scripts == page else [page, with_scripts]


def _find_references(pieces: Sequence[Text | Placed]) -> list[Misplaced]:
    found = []
    for number, piece in enumerate(pieces):
        if type(piece) is Placed and _REFERENCE.search(_text_before(pieces, number)):
            what = "it stands behind a `&` and could become a character reference"
            found.append(Misplaced(piece, "EK301", what, "write `&amp;` for the sign itself, or leave it out"))
    return found


def _text_before(pieces: Sequence[Text | Placed], number: int) -> str:
    """As much of the text right before a piece as a character reference may be long."""
    tail = ""
    while number and len(tail) < _LONGEST:
        number -= 1
        piece = pieces[number]
        if type(piece) is not Text:
            break
        tail = str(piece.text[-_LONGEST:]) + tail
    return tail


_LONGEST: Final = 32  # "&CounterClockwiseContourIntegral;" has 33 characters, the last of them a semicolon


class _Probe(NamedTuple):
    """`mark` is told from all others; `value` is what the document shows, with `mark` behind `lead` characters."""

    mark: str
    value: str
    written: str
    lead: int


# Letters first: behind a `<` or `&` they would begin a tag or a character reference.
_HOSTILE: Final = " \"'<>&`=/{}--!>]]>\t&lt;&quot;<script>x</script><b title='"


def _probe(number: int, placed: Placed) -> _Probe:
    mark = f"lt{number}probe"
    value = mark + _HOSTILE + "end"
    encoding: Encoding = placed.form  # type: ignore[assignment]
    written = ENCODERS[encoding](value)
    if encoding == "json":
        return _Probe(mark, written, written, 1)
    return _Probe(mark, _shown(encoding, value, written), written, 0)


def _shown(encoding: Encoding, value: str, written: str) -> str:
    """What the document holds if the place keeps the value whole."""
    return written if encoding in ("url", "path") else value if encoding == "" else _unescape(written)


def _unescape(written: str) -> str:
    for escaped, char in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        written = written.replace(escaped, char)
    return written


def _fill(pieces: Sequence[Text | Placed], values: Sequence[str]) -> str:
    following = iter(values)
    return "".join(next(following) if type(piece) is Placed else piece.text for piece in pieces)  # type: ignore[union-attr]


def _where_broken(kind: str, element: str) -> str:
    if kind == "text":
        element = "noscript" if element == "noembed" else element
        return f"in the raw text of `<{element}>`" if element in _NO_TEXT else "in text that would not show it as it is"
    return f"in attribute `{kind}` without quotes that hold every value"


Place = tuple[str, str, frozenset[str]]
"""Kind (`text` or an attribute's name), the element's name, the names of all elements around it."""


class _Places:
    """Where each probe came out whole."""

    def __init__(self, probes: Sequence[_Probe]) -> None:
        self.probes = probes
        self.whole: dict[int, Place] = {}
        self.broken: dict[int, str] = {}

    def read(self, tree: LexborHTMLParser) -> None:
        assert tree.root is not None
        for node in tree.root.traverse(include_text=True):
            if node.is_text_node:
                self._find(node.text_content or "", "text", node.parent)
            elif node.is_element_node:
                for name, value in node.attributes.items():
                    self._find(value or "", name, node)
                    if "probe" in name:
                        self._note_broken(name, "in the name of an attribute")
                if "probe" in (node.tag or ""):
                    self._note_broken(node.tag or "", "in the name of an element")
            elif node.is_comment_node:
                self._note_broken(node.comment_content or "", "in a comment")

    def _find(self, text: str, kind: str, element: LexborNode | None) -> None:
        if "probe" not in text or element is None:
            return
        at = text.find("lt")
        while at >= 0:
            digits = text[at + 2 : text.find("probe", at)]
            if digits.isdecimal() and int(digits) < len(self.probes):
                number = int(digits)
                if text.startswith(self.probes[number].value, at - self.probes[number].lead):
                    self.whole[number] = kind, element.tag or "", _around(element)
                else:
                    self.broken.setdefault(number, _where_broken(kind, element.tag or ""))
            at = text.find("lt", at + 2)

    def _note_broken(self, text: str, where: str) -> None:
        for number, probe in enumerate(self.probes):
            if probe.mark in text:
                self.broken[number] = where

    def judge(self, number: int, placed: Placed) -> Misplaced | None:
        place = self.whole.get(number)
        if place is None or number in self.broken:
            where = self.broken.get(number, "where an HTML parser keeps neither text nor attribute")
            way_out = "move it into element text, or into a quoted attribute such as `title`, `alt` or `data-…`"
            if where.startswith("in attribute"):
                way_out = "put the attribute's value in quotes; as JSON, in single quotes"
            return Misplaced(placed, "EK301", f"it stands {where}", way_out)
        kind, element, around = place
        if inside := around & _NO_INSIDE:
            what = f"it stands inside `<{min(inside)}>`"
            return Misplaced(placed, "EK301", what, "move it out of there, into ordinary element text")
        if kind == "text":
            return _judge_text(placed, element)
        return _judge_attribute(placed, element, kind)


def _around(element: LexborNode) -> frozenset[str]:
    names = set()
    node: LexborNode | None = element
    while node is not None:
        names.add(node.tag or "")
        node = node.parent
    return frozenset(names)


def _judge_text(placed: Placed, element: str) -> Misplaced | None:
    if element in _NO_TEXT or "-" in element[:1]:
        help = "move it into ordinary element text, or into a `data-…` attribute that a script reads"
        return Misplaced(placed, "EK301", f"it stands in the text of `<{element}>`", help)
    if placed.form != "":
        what = f"it is written as `{placed.form}`, but stands in element text"
        return Misplaced(placed, "EK303", what, "in text, print it without that filter")
    return None


def _judge_attribute(placed: Placed, element: str, name: str) -> Misplaced | None:
    allowed = name in _ATTRIBUTES or (name.startswith(_PREFIXES) and not name.startswith(_RUN_PREFIXES))
    if name == "value" and element in _OTHER_VALUE:
        allowed = element in _TEXT_VALUE
    if not allowed or element in _NO_ATTRIBUTE:
        return Misplaced(
            placed,
            "EK301",
            f"it stands in attribute `{name}` of `<{element}>`, which is not on the list of those that may hold a slot",
            "these may: `title`, `alt`, `value`, `placeholder`, `label`, `datetime`, `aria-…` and `data-…`",
        )
    if placed.form not in ("", "json"):
        what = f"it is written as `{placed.form}`, but attribute `{name}` is no URL"
        return Misplaced(placed, "EK303", what, "print it without that filter")
    return None


def _skeleton(tree: LexborHTMLParser) -> list[tuple[str | None, str | None]]:
    """The page's elements in order, each with the one around it."""
    assert tree.root is not None
    nodes = tree.root.traverse(include_text=False)
    return [(node.tag, node.parent.tag if node.parent is not None else None) for node in nodes]

"""A page's outline: its text without the data that differ from page to page of one template, where they are *free*.

What the context check finds depends on what a parser makes of a page, so pages with one outline are checked once.
A hole is left where a text or a quoted attribute stood that holds no `<` or `>`, and in text `&` only in a complete
reference: what escaping writes, or anything like it. Simple patterns cut the holes, and may be wrong about where they
are, in a comment or in an attribute's name. So whoever remembers an outline proves it first, as slots are proved: a
probe in each hole, with every character that such a text may bring, must come out whole, in a place that `is_free`
knows. Then the parser was in a state in which such text changes neither its state nor the elements.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from edgekit.compiler.opaque import Placed
from edgekit.compiler.places import CONSULTED, URLS, Place, is_value
from edgekit.compiler.trace import Text

HoleKind = Literal["text", "double", "single", "behind", "path", "script", "string", "number"]


class Hole(NamedTuple):
    """Where text was left out of a page, and of what kind it was."""

    kind: HoleKind


_SLOT: Final = "\0"
_HOLE: Final = "\1"
_HOLES: Final[dict[str, HoleKind]] = {
    "\1t": "text", "\1b": "behind", "\1d": "double", "\1s": "single", "\1p": "path",
    "\1c": "script", "\1q": "string", "\1n": "number",
}  # fmt: skip
"""How a slot and each kind of hole are written in an outline; a slot's encoding and a `;` follow."""

_VERBATIM: Final = re.compile(
    r"(<(?=[!sntSNT])(?:!--.*?-->"
    r"|(?i:script\b.*?</script|style\b.*?</style|noscript\b.*?</noscript|template\b.*?</template)))",
    re.DOTALL,
)
"""What is kept as it is, but for scripts: comments, and what is raw text or no part of the tree in one reading."""

_INERT: Final = r"[^Q<>&\x00\x01]*+(?:&(?:amp|lt|gt|quot|nbsp|#34|#39);[^Q<>&\x00\x01]*+)*+"
_NO_SPACE: Final = r"(?![ \t\n\f\r]*+[<\x00])"
"""White space alone is another thing to the parser than text."""

_VALUE: Final = (
    r"=Q(?<!\s(?:type|name)=Q)(?<!\s(?:property|itemprop)=Q)"
    r"(?:[^Q<>\x00\x01]*+(?=Q)|[^Q<>&\x00\x01]*+(?=\x00shtml;))(?<!=)"
)
"""A quoted value, but not the most frequent of those that are never free. One that ends in `=` would make its closing
quote look like the next one's opening."""

_TEXT: Final = re.compile(f">{_NO_SPACE}{_INERT}(?=[<\\0])".replace("Q", "")).sub
_BEHIND: Final = re.compile(f"html;{_NO_SPACE}{_INERT}(?=[<\\0])".replace("Q", "\"'")).sub
_DOUBLE: Final = re.compile(_VALUE.replace("Q", '"')).sub
_SINGLE: Final = re.compile(_VALUE.replace("Q", "'")).sub
_PATH: Final = re.compile(r'="/(?!/)(?:[A-Za-z0-9._~/-]*+(?=[?#])|[A-Za-z0-9._~/-]*+(?<=/)(?=\x00))').sub
_SCRIPT: Final = re.compile(r"(<script\b[^<>]*>)[^<\x00]*(</script)", re.IGNORECASE)
_STRING: Final = re.compile(r'"[^"\'`\\<>&\x00-\x1f]*"').sub
_NUMBER: Final = re.compile(r"(?<![\w.$\\])(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?![\w.$])").sub


def outline_of(pieces: Sequence[Text | Placed]) -> str | None:
    """The outline of a finished text; None of one with the characters that mark slots and holes."""
    marks = [_mark(piece) for piece in pieces if type(piece) is not Text]
    following = iter(marks)
    text = "".join([piece.text if type(piece) is Text else next(following) for piece in pieces])
    if text.count(_SLOT) != len(marks) or _HOLE in text:
        return None
    parts = _VERBATIM.split(text)
    parts[::2] = map(_cut_markup, parts[::2])
    parts[1::2] = map(_cut_script, parts[1::2])
    return "".join(parts)


def _mark(piece: object) -> str:
    return f"{_SLOT}{piece.slot.type[0]}{piece.form or 'html'};" if is_value(piece) else f"{_SLOT};"


def _cut_markup(text: str) -> str:
    text = _DOUBLE('="\1d', _TEXT(">\1t", text))
    if "='" in text:
        text = _SINGLE("='\1s", text)
    return _PATH('="/\1p', _BEHIND("html;\1b", text)) if _SLOT in text else text


def _cut_script(text: str) -> str:
    if text[1:7].lower() != "script":
        return text
    if _SLOT in text:
        tag, end, script = text.partition(">")
        return tag + end + _NUMBER("\1n", _STRING('"\1q"', script))
    return _SCRIPT.sub("\\1\1c\\2", text)


def read_outline(outline: str, pieces: Sequence[Text | Placed]) -> list[Text | Placed | Hole]:
    """The pieces of an outline: its text and holes, and in their order the slots of the page it was made of."""
    slots = iter([piece for piece in pieces if type(piece) is not Text])
    read: list[Text | Placed | Hole] = []
    for at, part in enumerate(_MARK.split(outline)):
        if at % 2 == 0:
            read.append(Text(part, ("", 0)))
        else:
            read.append(Hole(_HOLES[part]) if part in _HOLES else next(slots))
    return read


_MARK: Final = re.compile(r"(\x00[a-z]*;|\x01[a-z])")

PROBES: Final[dict[HoleKind, str]] = {
    "text": " \"'=/`{}-- ]]end",
    "behind": " =/`{}-- ]]end",
    "double": " '=/`{}-- ]]end",
    "single": ' "=/`{}-- ]]end',
    "path": ".-~/",
    "script": " \"'=/`{}-- ]]> end",
    "string": " =/{}-- ]] end",
    "number": "",
}
"""What a probe holds behind its letters: what such a text may bring."""

_RAW_TEXT: Final = frozenset({"style", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"})


def is_free(hole: Hole, place: Place) -> bool:
    """Whether any text of the hole's kind may stand where its probe did, without a change of what is found."""
    if hole.kind == "path":
        return place.kind not in CONSULTED and "".join(map(str, place.parts[: place.at])) == "/"
    if place.kind != "text":
        closed = CONSULTED | URLS if any(isinstance(part, Placed) for part in place.parts) else CONSULTED
        return hole.kind in ("double", "single", "behind") and place.kind not in closed
    if place.script is not None and hole.kind in ("string", "number"):
        return place.script.is_constant(place.at)
    if place.element == "script" or place.element in _RAW_TEXT:
        wanted = "script" if place.element == "script" else "text"
        return hole.kind == wanted and len(place.parts) == 1
    return hole.kind in ("text", "double", "single", "behind")

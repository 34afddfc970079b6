"""A page's outline: its text without the data that differ from page to page of one template, where they are *free*.

What the context check finds depends on what a parser makes of a page, so pages with one outline are checked once.
A hole is left where a text or a quoted attribute stood whole that holds no `<` or `>`, and `&` only in a complete
reference: what escaping writes, or anything like it. Simple patterns cut the holes, and may be wrong about where they
are, in a comment or in an attribute's name. So whoever remembers an outline proves it first, as slots are proved: a
probe in each hole, with every character that such a text may bring, must come out whole, in a place that `is_free`
knows. Then the parser was in a state in which such text changes neither its state nor the elements.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from edgekit.compiler.opaque import Placed
from edgekit.compiler.places import CONSULTED, Place, is_value
from edgekit.compiler.scripts import is_constant
from edgekit.compiler.trace import Text

HoleKind = Literal["text", "double", "single", "path", "script", "string", "number"]


class Hole(NamedTuple):
    """Where text was left out of a page, and of what kind it was."""

    kind: HoleKind


_SLOT: Final = "\0"
_HOLES: Final[dict[str, HoleKind]] = {
    "\1": "text", "\2": "double", "\3": "single", "\4": "path", "\5": "script", "\6": "string", "\7": "number",
}  # fmt: skip

_VERBATIM: Final = re.compile(
    r"(<!--.*?-->|<(?:script\b.*?</script|style\b.*?</style|noscript\b.*?</noscript|template\b.*?</template))",
    re.IGNORECASE | re.DOTALL,
)
"""What is kept as it is, but for scripts: comments, and what is raw text or no part of the tree in one reading."""

_INERT: Final = r"[^<>&\0-\7]*+(?:&(?:amp|lt|gt|quot|nbsp|#34|#39);[^<>&\0-\7]*+)*+"
_TEXT: Final = re.compile(
    rf">(?![ \t\n\f\r]*+[<\0]){_INERT}(?=[<\0])"
).sub  # white space alone is another thing to HTML
_NOT_CONSULTED: Final = "".join(rf"(?<!\s{name}=Q)" for name in sorted(CONSULTED))
_QUOTED: Final = f"=Q{_NOT_CONSULTED}{_INERT.replace('<', '<Q')}(?<!=)(?=Q)"  # behind a `=` a quote would not end one
_DOUBLE: Final = re.compile(_QUOTED.replace("Q", '"')).sub
_SINGLE: Final = re.compile(_QUOTED.replace("Q", "'")).sub
_PATH: Final = re.compile(r'="/(?!/)(?:[A-Za-z0-9._~/-]*+(?=[?#])|[A-Za-z0-9._~/-]*+(?<=/)(?=\0))').sub
_SCRIPT: Final = re.compile(r"(<script\b[^<>]*>)[^<\0]*(</script)", re.IGNORECASE)
_STRING: Final = re.compile(r'"[^"\'`\\<>&\0-\37]*"').sub
_NUMBER: Final = re.compile(r"(?<![\w.$\\])(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?![\w.$])").sub


def outline_of(pieces: Sequence[Text | Placed]) -> str | None:
    """The outline of a finished text; None of one with the characters that mark slots and holes."""
    text = "".join([piece.text if type(piece) is Text else _mark(piece) for piece in pieces])
    slots = len([piece for piece in pieces if type(piece) is not Text])
    if text.count(_SLOT) != slots or any(map(text.count, _HOLES)):
        return None
    parts = _VERBATIM.split(text)
    parts[::2] = map(_cut_markup, parts[::2])
    parts[1::2] = map(_cut_script, parts[1::2])
    return "".join(parts)


def _mark(piece: object) -> str:
    return f"{_SLOT}{piece.form or 'html'}-{piece.slot.type};" if is_value(piece) else f"{_SLOT};"


def _cut_markup(text: str) -> str:
    text = _TEXT(">\1", text)
    text = _DOUBLE('="\2', text)
    if "='" in text:
        text = _SINGLE("='\3", text)
    return _PATH('="/\4', text) if _SLOT in text else text


def _cut_script(text: str) -> str:
    if text[1:7].lower() != "script":
        return text
    if _SLOT in text:
        return _NUMBER("\7", _STRING('"\6"', text))
    return _SCRIPT.sub("\\1\5\\2", text)


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


_MARK: Final = re.compile(r"(\0[a-z-]*;|[\1-\7])")

PROBES: Final[dict[HoleKind, str]] = {
    "text": " \"'=/`{}-- ]]end",
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
    if place.kind != "text":
        if hole.kind == "path":
            return "".join(map(str, place.parts[: place.at])) == "/"
        beside_slot = any(isinstance(part, Placed) for part in place.parts)
        return hole.kind in ("double", "single") and place.kind not in CONSULTED and not beside_slot
    if place.element == "script" and hole.kind in ("string", "number"):
        return is_constant(place.parts, place.at, place.attributes)
    if place.element == "script" or place.element in _RAW_TEXT:
        wanted = "script" if place.element == "script" else "text"
        return hole.kind == wanted and not any(place.parts[: place.at]) and not any(place.parts[place.at + 1 :])
    return hole.kind in ("text", "double", "single")

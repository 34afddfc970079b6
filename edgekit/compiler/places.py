"""Where a slot may stand: elements whose text may hold one, attributes that may, and with which encoding."""

import re
from typing import Final, NamedTuple

from edgekit.compiler.opaque import Placed

_ATTRIBUTES: Final = frozenset({"title", "alt", "value", "placeholder", "label", "datetime"})
"""Attributes that hold text for people, on any HTML element (of `value`, see `_VALUE`)."""

_PREFIXES: Final = ("aria-", "data-")

_RUN: Final = re.compile(
    r"data-(on|(x|v|ng|hx|wp|bs)[-:_.]|(bind|dojo|action|controller|reactive|turbo|alpine|template|signals|star|"
    r"method|remote|url|confirm|disable|html|content|target|toggle|trigger|src|srcdoc|srcset|href)([-:_.]|\Z))"
)
"""Attributes that frameworks run as code, load, put in as HTML or use as selectors, by what they begin with."""

_VALUE: Final = {
    "button": True, "input": True, "option": True, "data": True,
    "meter": False, "progress": False, "li": False, "param": False,
}  # fmt: skip
"""Elements whose `value` is defined: whether it is text."""

_NO_TEXT: Final = frozenset(
    {
        "script", "style", "noscript", "noembed", "iframe", "noframes", "xmp", "plaintext", "template", "svg", "math",
        "object", "embed", "select", "html", "head", "table", "tbody", "thead", "tfoot", "tr", "colgroup", "frameset",
    }
)  # fmt: skip
"""Elements whose own text may hold no slot: raw text, foreign content, and where text is moved or dropped."""

_NO_ATTRIBUTE: Final = frozenset({"script", "link", "style", "meta", "base", "iframe", "frame", "object", "embed"})
"""Elements that load or configure: none of their attributes may hold a slot."""

_NO_INSIDE: Final = frozenset({"svg", "math", "noscript", "noembed", "template", "iframe", "object"})
"""Elements in which nothing may hold a slot, however deep."""


class Place(NamedTuple):
    """Where a value came out whole: `text`, or the name of an attribute; of which element; inside which elements."""

    kind: str
    element: str
    around: frozenset[str]


class Misplaced(NamedTuple):
    """A slot that may not stand where it stands: which, why (a clause), and the way out."""

    placed: Placed
    code: str
    what: str
    help: str


def judge_place(placed: Placed, place: Place) -> Misplaced | None:
    """Why the slot may not stand there; None if it may."""
    if inside := place.around & _NO_INSIDE:
        what = f"it stands inside `<{_shown(min(inside))}>`"
        return Misplaced(placed, "EK301", what, "move it out of there, into ordinary element text")
    if place.kind == "text":
        return _judge_text(placed, place.element)
    return _judge_attribute(placed, place.element, place.kind)


def judge_broken(placed: Placed, kind: str | None, element: str) -> Misplaced:
    """Why a slot may not stand where its value did not come out whole; `kind` is None if it was not found."""
    help = "move it into element text, or into a quoted attribute such as `title`, `alt` or `data-…`"
    match kind:
        case None:
            where = element or "where an HTML parser keeps neither text nor attribute"
        case "text" if element in _NO_TEXT:
            where = f"in the raw text of `<{_shown(element)}>`"
        case "text":
            where = "in text that would not show it as it is"
        case _:
            where = f"in attribute `{kind}` without quotes that hold every value"
            help = "put the attribute's value in quotes; as JSON, in single quotes"
    return Misplaced(placed, "EK301", f"it stands {where}", help)


def _shown(element: str) -> str:
    return "noscript" if element == "noembed" else element  # see `contexts.read_with_scripts`


def _judge_text(placed: Placed, element: str) -> Misplaced | None:
    if element in _NO_TEXT:
        help = "move it into ordinary element text, or into a `data-…` attribute that a script reads"
        return Misplaced(placed, "EK301", f"it stands in the text of `<{element}>`", help)
    if placed.form != "":
        what = f"it is written as `{placed.form}`, but stands in element text"
        return Misplaced(placed, "EK303", what, "in text, print it without that filter")
    return None


def _judge_attribute(placed: Placed, element: str, name: str) -> Misplaced | None:
    allowed = name in _ATTRIBUTES or (name.startswith(_PREFIXES) and not _RUN.match(name))
    if name == "value":
        allowed = _VALUE.get(element, True)
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

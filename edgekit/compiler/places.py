"""Where a slot may stand, and with which encoding: one table of allowed places. What is not in it is refused."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeGuard

from edgekit.compiler.opaque import Placed
from edgekit.compiler.scripts import Script
from edgekit.compiler.urls import Part, judge_url


class Rule(NamedTuple):
    """`elements` (`*` is any that `_CLOSED` does not name) may hold slots in `places`, written in one of `encodings`.

    A place is `text` or the name of an attribute; one that ends in `*` is a prefix. Names and encodings are separated
    by spaces; `html` is a placeholder without encoding, `integer` one of an integer. Where in a URL `href`, `path` and
    `url` may stand `urls` says, and `scripts` where in a script `json` may. `source` says why it is safe.
    """

    elements: str
    places: str
    encodings: str
    source: str


RULES: Final = (
    # Text and attributes that only show, or name, something.
    Rule("*", "text", "html", "HTML 13.2.5.1, 13.2.5.2 (data and RCDATA states); OWASP XSS prevention, HTML contexts"),
    Rule("*", "title label placeholder alt abbr datetime", "html json", "OWASP XSS prevention, safe sinks; safehtml"),
    Rule("*", "class id lang aria-* data-*", "html json", "HTML 3.2.6, WAI-ARIA 1.2; not the `data-*` of `_RUN`"),
    Rule("input button option data", "value", "html json", "HTML 4.10.5, 4.10.6, 4.10.10, 4.4.14: text"),
    Rule("meter progress li", "value", "integer", "HTML 4.10.14, 4.10.13, 4.4.8: a number"),
    Rule("meta", "content", "html json", "HTML 4.2.5.1: metadata that is only read; not the names of `_ACTS`"),
    # URLs that navigate or show; never one that loads code, a style sheet or a frame, or takes a form's data.
    Rule("a area", "href", "href path url", "HTML 4.6.2; safehtml, sanitised URLs; OWASP, URL contexts"),
    Rule("img video audio source", "src", "href path url", "HTML 4.8.3, 4.8.11: images and media run no code"),
    Rule("video", "poster", "href path url", "HTML 4.8.8: an image"),
    Rule("blockquote q ins del", "cite", "href path url", "HTML 4.4.4, 4.5.7, 4.7.1, 4.7.2: never fetched"),
    # Script.
    Rule("script", "text", "json", "HTML 4.12.1, 13.2.5.4; OWASP XSS prevention, JavaScript contexts; ECMA-262"),
)

URLS: Final = frozenset(name for rule in RULES if "href" in rule.encodings for name in rule.places.split())
"""Attributes in which the text beside a slot decides whether it may stand there."""

_CLOSED_TEXT: Final = frozenset(
    {
        "style", "noscript", "noembed", "iframe", "noframes", "xmp", "plaintext", "template", "svg", "math",
        "object", "embed", "select", "html", "head", "table", "tbody", "thead", "tfoot", "tr", "colgroup", "frameset",
        "script",
    }
)  # fmt: skip
"""Elements whose own text `*` does not mean: raw text, foreign content, and where text is moved or dropped."""

_CLOSED: Final = frozenset({"script", "link", "style", "meta", "base", "iframe", "frame", "object", "embed", "param"})
"""Elements whose attributes `*` does not mean: they load or configure."""

_CLOSED_INSIDE: Final = frozenset({"svg", "math", "noscript", "noembed", "template", "iframe", "object"})
"""Elements in which nothing may hold a slot, however deep."""

_RUN: Final = re.compile(
    r"data-(on|(x|v|ng|hx|wp|bs)[-:_.]|(bind|dojo|action|controller|reactive|turbo|alpine|template|signals|star|"
    r"method|remote|url|confirm|disable|html|content|target|toggle|trigger|src|srcdoc|srcset|href|parent|options|"
    r"text|show|class|style|attr|computed|effect|init|ref|indicator|json-signals|mage-init|parsley|loading-text|"
    r"original-title)([-:_.]|\Z))"
)
"""`data-*` attributes that frameworks run as code, load, put in as HTML or use as selectors, by their begin."""

_ACTS: Final = re.compile(
    r"(viewport|referrer|color-scheme|supported-color-schemes|theme-color|robots|.*bot|google|rating|monetization|"
    r"format-detection)\Z|(msapplication|apple|mobile-web-app|csrf|htmx|turbo|turbolinks|hotwire|view-transition|next|vite)\b|"
    r".*[:_-](url|image|audio|video|player|stream|src|see_also|config)\b"
)
"""Names of metadata that browsers, crawlers or frameworks act on, or that hold a URL; HTML 4.2.5.1, MetaExtensions."""

CONSULTED: Final = frozenset({"type", "name", "property", "itemprop", "language", "encoding"})
"""Attributes whose value decides what may stand in the element, or how it is parsed (HTML 13.2.6.4.9, 13.2.6.5)."""


def is_value(piece: object) -> TypeGuard[Placed]:
    """Whether a piece of a page is a slot that prints a value. Lists and marks of islands print elements."""
    return type(piece) is Placed and not piece.slot.island


class Place(NamedTuple):
    """Where a value came out whole: in `text` or an attribute (`kind`) of an element with these attributes.

    `parts` is the whole text or value with the slots in it, `at` the number of this one; `around` are the names of the
    elements around it, its own included; `script` is set in the text of one.
    """

    kind: str
    element: str
    attributes: Mapping[str, str | None]
    around: frozenset[str]
    parts: Sequence[Part]
    at: int
    script: Script | None


class Misplaced(NamedTuple):
    """A slot that may not stand where it stands: which, why (a clause), and the way out."""

    placed: Placed
    code: str
    what: str
    help: str


def judge_place(place: Place) -> Misplaced | None:
    """Why the slot may not stand there; None if it may."""
    placed = place.parts[place.at]
    assert isinstance(placed, Placed)
    if inside := place.around & _CLOSED_INSIDE:
        what = f"it stands inside `<{min(inside)}>`"
        return Misplaced(placed, "EK301", what, "move it out of there, into ordinary element text")
    rule = _find_rule(place)
    if rule is None:
        return _refuse(placed, place)
    if "href" in rule.encodings.split():
        problem = judge_url(place.parts, place.at)
        return Misplaced(placed, *problem) if problem else None
    if place.script is not None:
        problem = place.script.judge(place.at)
        return Misplaced(placed, *problem) if problem else None
    if not _fits(placed, rule):
        return _refuse_encoding(placed, place, rule)
    return None


def _find_rule(place: Place) -> Rule | None:
    for rule in RULES:
        if _names(rule.places, place.kind) and _means(rule.elements, place):
            break
    else:
        return None
    if place.kind.startswith("data-") and _RUN.match(place.kind):
        return None
    return None if place.element == "meta" and not _is_read_only(place.attributes) else rule


def _names(names: str, name: str) -> bool:
    return any(
        name.startswith(pattern[:-1]) and len(name) >= len(pattern) if pattern.endswith("*") else name == pattern
        for pattern in names.split()
    )


def _means(elements: str, place: Place) -> bool:
    if elements == "*":
        return place.element not in (_CLOSED_TEXT if place.kind == "text" else _CLOSED)
    return place.element in elements.split()


def _is_read_only(attributes: Mapping[str, str | None]) -> bool:
    """Whether `<meta>` with these attributes holds named text that nothing acts on."""
    names = [
        (attributes[kind] or "").strip().lower() for kind in ("name", "property", "itemprop") if kind in attributes
    ]
    named = bool(names) and all(name and not _ACTS.match(name) for name in names)
    return named and "http-equiv" not in attributes and "charset" not in attributes


def _fits(placed: Placed, rule: Rule) -> bool:
    encodings = rule.encodings.split()
    if placed.form == "":
        return "html" in encodings or ("integer" in encodings and placed.slot.type == "integer")
    return placed.form in encodings


ATTRIBUTE_NAME: Final = "in the name of an attribute"
"""Where the rest of a value comes out whose quotes did not hold it."""


def judge_broken(placed: Placed, kind: str | None, element: str) -> Misplaced:
    """Why a slot may not stand where its value did not come out whole; `kind` is None if it was found elsewhere."""
    help = "move it into element text, or into a quoted attribute such as `title`, `alt` or `data-…`"
    match kind:
        case None if element == ATTRIBUTE_NAME and placed.form == "json":
            where, help = "in a value that the quotes of its JSON end", "put the attribute's value in single quotes"
        case None:
            where = element or "where an HTML parser keeps neither text nor attribute"
        case "text" if element == "script":
            where, help = "in a script without being written as JSON", _SCRIPT_HELP
        case "text" if element in _CLOSED_TEXT:
            where = f"in the raw text of `<{element}>`"
        case "text":
            where = "in text that would not show it as it is"
        case _:
            where = f"in attribute `{kind}` without quotes that hold every value"
            help = "put the attribute's value in quotes; as JSON, in single quotes"
    return Misplaced(placed, "EK301", f"it stands {where}", help)


_SCRIPT_HELP: Final = "print it with `|tojson`, without quotes around it"


def _refuse(placed: Placed, place: Place) -> Misplaced:
    if place.kind == "text":
        help = "move it into ordinary element text, or into a `data-…` attribute that a script reads"
        return Misplaced(placed, "EK301", f"it stands in the text of `<{place.element}>`", help)
    attribute = f"attribute `{place.kind}` of `<{place.element}>`"
    what = f"it stands in {attribute}, which is not on the list of those that may hold a slot"
    if place.kind.startswith("on"):
        help = "put it into a `data-…` attribute, and let a script of the page read it there"
    elif place.kind == "style":
        help = "give the slot `choices`, and write a style or a `class` for each"
    else:
        help = (
            "these may: `title`, `alt`, `class`, `id`, `value`, `placeholder`, `label`, `datetime`, `aria-…`, `data-…`"
        )
    return Misplaced(placed, "EK301", what, help)


def _refuse_encoding(placed: Placed, place: Place, rule: Rule) -> Misplaced:
    if rule.encodings == "integer":
        what = f"it is text, but `{place.kind}` of `<{place.element}>` is a number"
        return Misplaced(placed, "EK303", what, 'give the slot `type = "integer"`')
    if place.kind == "text":
        what = f"it is written as `{placed.form}`, but stands in element text"
        return Misplaced(placed, "EK303", what, "in text, print it without that filter")
    what = f"it is written as `{placed.form}`, but attribute `{place.kind}` is no URL"
    return Misplaced(placed, "EK303", what, "print it without that filter")

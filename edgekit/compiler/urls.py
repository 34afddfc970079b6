"""Whether a slot may stand at its place in a URL: by what the static text before it fixes, as a browser reads that.

Follows the WHATWG URL standard, 4.4 (URL parsing): controls and spaces at both ends do not count, nor do tabs and
newlines anywhere; a backslash is a slash before the query; `//` opens a host. Character references are resolved before.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal

from edgekit.compiler.opaque import Placed

Part = str | Placed

_TAB_AND_NEWLINE: Final = str.maketrans("", "", "\t\n\r")
_C0_AND_SPACE: Final = "".join(map(chr, range(0x21)))

_FIXED: Final = re.compile(
    r"(?:https?:)?//[^/?#]+(?=[/?#])"  # a host
    r"|(?=/(?!/))"  # the page's own host: `/p`
    r"|[^:/?#]+(?=[/?#])|(?=[?#])"  # relative to the page: `p/q`, `?q`, `#f`; no scheme, for it has no colon
    r"|mailto:[^/?#]*(?=\?)",
    re.IGNORECASE,
)
"""What fixes the scheme and the host of a URL, at its begin; behind it stands a path, a query or a fragment."""

_HALF_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]?\Z")

_EARLIER_SLOT: Final = "x"
"""Stands for a slot further to the left. It was judged by itself, so it is letters or escapes, and no delimiter."""


def judge_url(parts: Sequence[Part], at: int) -> tuple[str, str, str] | None:
    """Why slot number `at` of a URL's parts may not stand there: code, what (a clause) and help; None if it may."""
    placed = parts[at]
    assert isinstance(placed, Placed)
    if placed.form == "href":
        if all(isinstance(part, str) and not part.strip(_C0_AND_SPACE) for part in (*parts[:at], *parts[at + 1 :])):
            return None
        return "EK303", "it is written as a whole URL, but is a part of one", _ENCODE_HELP
    prefix = "".join(part if isinstance(part, str) else _EARLIER_SLOT for part in parts[:at])
    match place := _read(prefix):
        case None if placed.form in ("", "json"):
            return "EK303", "it is not encoded for a URL", _ENCODE_HELP
        case None:
            what = "it stands in a URL where the text before it does not fix scheme and host"
            help = "write a whole URL with `|safe_url`, or begin with text such as `/p/` or `https://shop.example/p/`"
            return "EK301", what, help
        case "path" if at and not isinstance(parts[at - 1], str):
            help = "put a `/` or other text between them"
            return "EK301", "it stands right behind another slot in a URL's path", help
    if _HALF_ESCAPE.search(prefix):
        return "EK301", "it stands behind a `%` and could become a part of an escape", "write `%25` for the sign itself"
    # An integer's digits, perhaps with a minus, are the same in every encoding.
    if placed.form == _ENCODING[place] or (placed.slot.type == "integer" and placed.form in ("", "path", "url")):
        return None
    help = f"in the {place} of a URL, print it with `|{_FILTER[place]}`"
    written = f"is written as `{placed.form}`" if placed.form else "is not encoded for a URL"
    return "EK303", f"it {written}, but stands in the {place} of one", help


_ENCODE_HELP: Final = (
    "write a whole URL with `|safe_url`, a part with `|path_part` (in its path) or `|urlencode` (behind `?`)"
)
_ENCODING: Final = {"path": "path", "query or fragment": "url"}
_FILTER: Final = {"path": "path_part", "query or fragment": "urlencode"}


def _read(prefix: str) -> Literal["path", "query or fragment"] | None:
    """In which part of a URL its first characters end; None where they leave scheme or host open."""
    text = prefix.lstrip(_C0_AND_SPACE).translate(_TAB_AND_NEWLINE)
    before_query = re.match(r"[^?#]*", text)
    assert before_query is not None
    text = before_query[0].replace("\\", "/") + text[before_query.end() :]
    fixed = _FIXED.match(text)
    if fixed is None:
        return None
    rest = text[fixed.end() :]
    if "?" in rest or "#" in rest:
        return "query or fragment"
    return "path" if "/" in rest else None

"""How a redirect's source and target are written: as URLs in which `[name]` may stand for a segment.

`%2F` is an escape, `é` may stand as it is. What is kept is the canonical spelling, so that replay writes a Location
without a look at what it holds.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.origin import is_origin
from edgekit.model.path import Redirect, Refusal, canonical_path, encode_path, is_reserved
from edgekit.model.redirect import PART, part_names

_TARGET: Final = re.compile(r"(https?://[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL | re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\\]|%(?![0-9A-Fa-f]{2})")
"""Browsers drop some control characters, and read a backslash as a slash (WHATWG URL, 4.4)."""
_IN_PATH: Final = "!$&'()*+,;=:@%"
_IN_QUERY: Final = _IN_PATH + "/?"
"""RFC 3986, 3.3 and 3.4: what stands in a path's segment, or in a query, as it is."""


class WrittenError(Exception):
    """Why a source or a target cannot be: the end of a sentence, and what to do."""

    def __init__(self, why: str, help: str) -> None:
        super().__init__(why)
        self.why = why
        self.help = help


class Target(NamedTuple):
    """A Location; `path` is the site's own path in it, or None if it leads elsewhere."""

    location: str
    path: str | None


def read_source(written: str) -> str:
    """The canonical spelling of a source, parts as they are. Raises WrittenError."""
    if "?" in written or "#" in written:
        raise WrittenError("has a query or a fragment, which a redirect does not see", "write the path alone")
    segments = written.split("/")
    _check_parts(segments)
    names = part_names(written)
    if len(set(names)) < len(names):
        raise WrittenError("has two parts of one name", "give each part a name of its own")
    decoded = _canonical(segments)
    if is_reserved(decoded):
        raise WrittenError(
            "is edgekit's own: `/static/` and `/_edgekit/` are answered before redirects", "choose another"
        )
    return _spell(segments, decoded)


def read_target(written: str, names: tuple[str, ...], base_url: str) -> Target:
    """Where a redirect leads, as a Location. Raises WrittenError."""
    if not written:
        raise WrittenError("is missing", 'write a path or a URL, such as `"/"` or `{ to = "/", status = 302 }`')
    if _UNSAFE.search(written):
        raise WrittenError(
            "has a control character, a `\\` or a `%` without two hexadecimal digits", "write it as a URL, escaped"
        )
    parts = _TARGET.fullmatch(written)
    assert parts is not None
    origin, path, query, fragment = (part or "" for part in parts.groups())
    if origin and not is_origin(origin):
        raise WrittenError("does not begin with scheme and host", "write a URL such as `https://shop.example/sale`")
    if not origin and (not path.startswith("/") or path.startswith("//")):
        raise WrittenError(
            "is neither a path nor a URL",
            "begin it with one `/`, or with `https://` and a host; no part may stand there",
        )
    segments = (path or "/").split("/")
    _check_parts(segments)
    for name in PART.findall(path + query + fragment):
        if name not in names:
            raise WrittenError(
                f"has a part `[{name}]` that the source has not{did_you_mean(name, names)}",
                "name a part of the source; a bracket in a URL is written `%5B`",
            )
    own = not origin or origin.lower() == base_url.lower()
    path = _spell(segments, _canonical(segments)) if own else "/".join(_escape(text, _IN_PATH) for text in segments)
    location = origin + path + _escape(query, _IN_QUERY) + (fragment and "#" + _escape(fragment[1:], _IN_QUERY))
    return Target(location, path if own else None)


def _check_parts(segments: Sequence[str]) -> None:
    for segment in segments:
        if ("[" in segment or "]" in segment) and not PART.fullmatch(segment):
            raise WrittenError("has a bracket in a segment", "a part is a whole segment, such as `/old/[sku]`")


def _canonical(segments: Sequence[str]) -> str:
    """The decoded path of these segments, `x` in the place of each part. Raises WrittenError if it is not canonical."""
    match canonical_path("/".join("x" if PART.fullmatch(segment) else segment for segment in segments)):
        case Refusal():
            why = "is a path that no request can have"
            help = "begin with `/`; no `.` or `..`, encoded slash or control character; write `%25` for a `%`"
            raise WrittenError(why, help)
        case Redirect(location):
            instead = f"write `{location}`" if not any(map(PART.fullmatch, segments)) else "write the canonical one"
            why = "is another spelling of a path, which is answered with a redirect itself"
            raise WrittenError(
                why, f"{instead}: single slashes, no `/`, `.html` or `/index` at the end, no needless escapes"
            )
        case path:
            return path


def _spell(segments: Sequence[str], decoded: str) -> str:
    """The canonical spelling of a decoded path, with the parts that its segments are written with."""
    spelt = encode_path(decoded).split("/")
    return "/".join(segment if PART.fullmatch(segment) else text for segment, text in zip(segments, spelt, strict=True))


def _escape(text: str, safe: str) -> str:
    """`text` as a part of a URL: what cannot stand there is escaped, parts and escapes stay."""
    kept = PART.split(text)
    return "".join(f"[{piece}]" if number % 2 else quote(piece, safe=safe) for number, piece in enumerate(kept))

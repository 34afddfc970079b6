"""Paths: how a request's path becomes a page's path, and how a path is spelt in a URL (contract, sections 3, 8 and 12).

A page's path is percent-decoded UTF-8 without normalisation. It begins with `/`, has no empty, `.` or `..` segment
and no control character, and never ends in `/`, `.html` or `/index`. Spellings that mean the same path (such an
ending, a doubled slash, a *needless* escape) are redirected to it. Needless are escapes of unreserved characters only
(RFC 3986, 6.2.2.2): whether `@` comes as `@` or `%40` depends on who wrote the link, and both are answered, so that a
proxy that rewrites escapes never sends a browser round in a circle.
"""

import re
import unicodedata
from typing import Final, Literal, NamedTuple
from urllib.parse import quote, unquote_to_bytes

MAX_PATH_BYTES: Final = 2_048
"""Of a request's path as it comes; longer ones are answered 414."""

ASSETS_PATH: Final = "/static/"
OWN_PATH: Final = "/_edgekit/"
RESERVED: Final = (ASSETS_PATH, OWN_PATH)
"""No page lies under these; the endings `.html` and `/index` mean nothing special there."""

_UNRESERVED_ESCAPE: Final = re.compile(rb"%(?:2[DEde]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])")
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_PLAIN: Final = re.compile(rb"/|(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
"""Paths in which nothing has to be decoded or refused: nearly all that come."""

_KEPT: Final = "/!$&'()*+,;=:@"
"""RFC 3986's `pchar` beside the unreserved: what a canonical spelling leaves unescaped."""


class Redirect(NamedTuple):
    """Another spelling of a path; `location` is the canonical one, percent-encoded."""

    location: str


class Refusal(NamedTuple):
    """A path that no page can have: 400, or 414 where it is too long."""

    status: Literal[400, 414]


def canonical_path(raw: bytes | str) -> str | Redirect | Refusal:
    """The decoded path that `raw` (as it came, without the query) names, or why it names none.

    A location never begins with `//` or `/\\`, and is itself answered without another redirect.
    """
    came = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if len(came) > MAX_PATH_BYTES:
        return Refusal(414)
    if _PLAIN.fullmatch(came) and not came.endswith((b".html", b"/index")):
        return came.decode("ascii")
    if not came.startswith(b"/") or _BAD_ESCAPE.search(came):
        return Refusal(400)
    segments = [unquote_to_bytes(segment) for segment in came.split(b"/")]
    if any(b"/" in segment for segment in segments):
        return Refusal(400)
    try:
        decoded = b"/".join(segments).decode()
    except UnicodeDecodeError:
        return Refusal(400)
    path = _without_endings(decoded)
    if not _is_clean(decoded) or not _is_clean(path):  # `/..html` has a dot segment only once its ending is gone
        return Refusal(400)
    if path == decoded and not _UNRESERVED_ESCAPE.search(came):
        return path
    location = encode_path(path)
    return Redirect(location) if len(location) <= MAX_PATH_BYTES else Refusal(414)


def encode_path(path: str) -> str:
    """The canonical spelling of a decoded path: everything but RFC 3986's `pchar` and `/` as upper-case escapes.

    Raises UnicodeEncodeError for text that is not well-formed Unicode.
    """
    return quote(path, safe=_KEPT)


def segment_fault(value: str) -> str | None:
    """Why `value` cannot be one segment of a page's path, as the end of a sentence; None if it can."""
    if value == "":
        return "it is empty"
    if value in {".", ".."}:
        return "`.` and `..` are no names in a URL"
    if value == "index" or value.endswith(".html"):
        return "`index` and `.html` at the end of a URL are redirected to the page without it"
    if "/" in value:
        return "it contains a `/`"
    if _has_control(value):
        return "it contains a control character"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "it is not well-formed Unicode"
    return None


def is_reserved(path: str) -> bool:
    """Does `path` lie under a prefix that belongs to edgekit itself?"""
    return path.startswith(RESERVED)


def _without_endings(path: str) -> str:
    """`path` with single slashes, and without `/`, `.html` and `/index` at its end."""
    path = "/" + "/".join(filter(None, path.split("/")))
    while not is_reserved(path):
        shorter = (path.removesuffix(".html").removesuffix("/index").rstrip("/")) or "/"
        if shorter == path:
            break
        path = shorter
    return path


def _is_clean(path: str) -> bool:
    return not _has_control(path) and {".", ".."}.isdisjoint(path.split("/"))


def _has_control(text: str) -> bool:
    return not text.isprintable() and any(unicodedata.category(character) == "Cc" for character in text)

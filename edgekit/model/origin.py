"""`[origin]`: what the application behind a site answers (contract, sections 3 and 12)."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from edgekit.model.path import MAX_PATH_BYTES, RESERVED

MAX_PATTERNS: Final = 100
"""Every request's path is compared with all of them."""

_PATTERN: Final = re.compile(r"/(?:[A-Za-z0-9._~!$&'()+,;=:@/-]|%[0-9A-Fa-f]{2})*\*?")
"""RFC 3986's characters of a path, and a `*` at its end."""


class Origin(msgspec.Struct, frozen=True):
    """`url` is scheme, host and perhaps a port; with `fallback` it gets all paths that nothing else answers.

    `paths` are as requests have them, percent-encoded; a `*` at the end of one is any rest.
    """

    url: str
    paths: tuple[str, ...] = ()
    fallback: bool = False


def matches(pattern: str, path: str) -> bool:
    """Is `path` the pattern's, or one of them? Both as they came, or both decoded."""
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def pattern_fault(pattern: str) -> str | None:
    """What is wrong with one of an origin's paths, as the end of a sentence; None if nothing is."""
    if "*" in pattern[:-1]:
        return "has a `*` that is not at its end"
    if not _PATTERN.fullmatch(pattern) or len(pattern) > MAX_PATH_BYTES:
        return "is not the path of any request"
    if not {".", ".."}.isdisjoint(unquote(pattern).split("/")):
        return "has a `.` or `..` segment, and such requests are refused"
    if pattern.startswith(RESERVED):
        return "lies below `/static/` or `/_edgekit/`, which edgekit answers itself"
    return None


def is_origin(url: str) -> bool:
    """Is `url` a scheme (http or https) and a host, perhaps with a port, and nothing else?"""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    written = f"[{host}]" if ":" in host else host
    plain = f"{parts.scheme}://{written}" + (f":{port}" if port is not None else "")
    return parts.scheme in {"http", "https"} and bool(re.fullmatch(r"[a-z0-9.:-]+", host)) and plain == url.lower()

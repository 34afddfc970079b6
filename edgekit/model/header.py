"""Headers: how their names and values are written, and which a site may add to its answers (contract, section 3)."""

import re
from collections.abc import Mapping
from typing import Final

TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""The name of a header or a cookie (RFC 9110, 5.6.2)."""

MAX_PATTERNS: Final = 100
"""Of paths, in `[headers]`."""
MAX_HEADERS: Final = 50
"""Of one pattern."""
MAX_VALUE: Final = 4_096
"""Bytes; servers in front take a few KiB of an answer's headers."""

_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")

_OWN: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("age", "edge-control", "etag", "expires", "last-modified", "no-vary-search", "pragma", "vary", "warning",
         "x-accel-expires"),
        "caching is edgekit's own: it follows from what a page reads",
    ),
    **dict.fromkeys(
        ("accept-ranges", "content-encoding", "content-length", "content-range", "content-type"),
        "it says what the body is, which edgekit knows",
    ),
    **dict.fromkeys(
        ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
         "transfer-encoding", "upgrade"),
        "it belongs to one connection",
    ),
    "allow": "edgekit sends it where a method is refused",
    "date": "the server sends it",
    "location": "write a redirect to `[redirects]`",
    "set-cookie": "a cache would give everybody the same cookie",
}  # fmt: skip
"""Headers that no site may set, and why."""


def is_value(text: str) -> bool:
    """Can it be a header's value: printable ASCII without a space at its ends, and not too much of it?"""
    return len(text) <= MAX_VALUE and _VALUE.fullmatch(text) is not None


def own_reason(name: str) -> str | None:
    """Why no site may set the header with this name, in lower case; None if it may."""
    if name.endswith("cache-control") or name.startswith("surrogate-"):
        return _OWN["etag"]
    if name.startswith("x-edgekit-"):
        return "it is edgekit's own"
    return _OWN.get(name)

"""The headers of an asset: its content type by its name, and that its bytes never change."""

import mimetypes
from functools import cache
from typing import Final

from edgekit.replay.request import Headers
from edgekit.replay.response import IMMUTABLE

_WEB_TYPES: Final = {
    ".avif": "image/avif",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
"""Types that Python's table lacks, or has another name for in another version."""


def asset_headers(path: str) -> Headers:
    content_type, encoding = _types().guess_type(path)
    if content_type is None or encoding is not None:
        content_type = "application/octet-stream"
    elif content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    return (b"content-type", content_type.encode()), IMMUTABLE


@cache
def _types() -> mimetypes.MimeTypes:
    """Not the machine's own tables: the same release gives the same headers everywhere."""
    types = mimetypes.MimeTypes(filenames=())
    for ending, content_type in _WEB_TYPES.items():
        types.add_type(content_type, ending)
    return types

"""The headers of an asset: its content type by its name, and that its bytes never change."""

import mimetypes
from typing import Final

from edgekit.replay.request import Headers
from edgekit.replay.response import IMMUTABLE

# Not the machine's own tables: the same release gives the same headers everywhere.
_TYPES: Final = mimetypes.MimeTypes(filenames=())
for _ending, _type in {
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
}.items():
    _TYPES.add_type(_type, _ending)


def asset_headers(path: str) -> Headers:
    content_type, encoding = _TYPES.guess_type(path)
    if content_type is None or encoding is not None:
        content_type = "application/octet-stream"
    elif content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    return (b"content-type", content_type.encode()), IMMUTABLE

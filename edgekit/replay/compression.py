"""gzip, where the client takes it: which answers may be compressed, and which coding was asked for.

Only bytes that readers share come here. What is one reader's must never pass a compressor beside bytes that somebody
else can choose: the length of the result would tell of it (BREACH, https://www.breachattack.com).
"""

import gzip
import re
from functools import lru_cache
from typing import Final

from edgekit.replay.request import Headers

MIN_BYTES: Final = 1024
"""Contract, section 8. A shorter answer goes in one packet either way."""
MAX_BYTES: Final = 4 * 1024 * 1024
"""A longer body would stop the other requests of its worker for more than about a tenth of a second."""
_VARY: Final = b"vary"
_VARIES: Final = b"accept-encoding"
GZIP: Final = (b"content-encoding", b"gzip")

_LEVEL: Final = 6
_MAX_FIELD: Final = 1024
"""Bytes of an Accept-Encoding that are read; browsers send about 30."""
_SHRINKS: Final = re.compile(
    rb"text/.*|application/(?:json|javascript|xml|wasm|.*\+json|.*\+xml)|image/svg\+xml|image/vnd\.microsoft\.icon"
)
_CODING: Final = re.compile(rb"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*(?:;[ \t]*[qQ]=([01](?:\.[0-9]{0,3})?)[ \t]*)?")


def is_compressible(headers: Headers, length: int) -> bool:
    """Is an answer of this length with these headers worth compressing?"""
    if not MIN_BYTES <= length <= MAX_BYTES:
        return False
    return any(_shrinks(value) for name, value in headers if name == b"content-type")


@lru_cache(maxsize=64)
def _shrinks(content_type: bytes) -> bool:
    return _SHRINKS.match(content_type) is not None


def vary_by_encoding(headers: Headers) -> Headers:
    """`headers` of an answer whose coding depends on what the client takes. With one Vary: some caches read one."""
    named = [value for name, value in headers if name == _VARY]
    others = tuple(header for header in headers if header[0] != _VARY) if named else headers
    return (*others, (_VARY, b", ".join((_VARIES, *named))))


def takes_gzip(headers: Headers) -> bool:
    """Does the client take gzip, and like it no less than no coding? RFC 9110, 12.5.3.

    What is no coding with a weight says nothing, and so does a field of an absurd length.
    """
    fields = [value for name, value in headers if name == b"accept-encoding"]
    return bool(fields) and _takes_gzip(b",".join(fields))


@lru_cache(maxsize=64)
def _takes_gzip(field: bytes) -> bool:
    if len(field) > _MAX_FIELD:
        return False
    weights: dict[bytes, float] = {}
    for element in field.split(b","):
        coding = _CODING.fullmatch(element)
        if coding:
            weights.setdefault(coding[1].lower(), min(float(coding[2] or 1), 1.0))
    anything = weights.get(b"*", 0.0)
    weight = weights.get(b"gzip", weights.get(b"x-gzip", anything))
    return weight > 0 and weight >= weights.get(b"identity", 0.0)


def compress(body: bytes) -> bytes:
    """The same bytes for the same body, whenever it is compressed."""
    return gzip.compress(body, _LEVEL, mtime=0)


def gzip_etag(etag: bytes) -> bytes:
    """The ETag of a body, compressed: another representation has another tag (contract, section 12)."""
    return etag[:-1] + b'-gzip"'

"""Which requests are the origin's (contract, section 12), and what it is told of who asks.

Paths are compared as they came, and go on unchanged: what is matched is what the origin sees. So a path with dot
segments is never forwarded: the origin may take it for one that `[origin] paths` does not have.
"""

import re
from typing import Final
from urllib.parse import unquote

import msgspec

from edgekit.model.keys import ASSETS
from edgekit.model.origin import Origin, matches
from edgekit.model.path import RESERVED, Redirect, Refusal, canonical_path
from edgekit.replay.reading import ReadError, Reading
from edgekit.replay.release import Release
from edgekit.replay.request import READ_METHODS, Headers, Request
from edgekit.replay.response import Answer, Log
from edgekit.replay.visitor import Visitor

_ASSETS_PATH, _OWN_PATH = RESERVED
_DOT_SEGMENT: Final = re.compile(rb"(?:[/\\]|%2F|%5C)(?:\.|%2E){1,2}(?:[/\\;]|%2F|%5C|%3B|\Z)", re.IGNORECASE)
"""With a `;`, too: an application that takes parameters (RFC 3986, 3.3) out of a path finds `..` in `..;a=1`."""
_TARGET: Final = re.compile(rb"/[!-~]*")
"""What a request line can carry (RFC 9112, 3.2)."""


class Forward(msgspec.Struct, frozen=True):
    """A request that is the origin's.

    `tier` is its visitor's. A `trusted` peer is a proxy that says for whom it asks. `believed` or `disbelieved` is the
    header that tells the site its users, as it tells one here or none. `unavailable` is the page to show, with
    `headers`, if the origin cannot answer; `reads` and `logs` as a Response has them.
    """

    url: str
    tier: str
    trusted: bool
    believed: bytes | None
    disbelieved: bytes | None
    release: str
    unavailable: Answer
    headers: Headers
    reads: int
    logs: tuple[Log, ...]


def find_forward(request: Request, reading: Reading, release: Release) -> Forward | None:
    """None for what edgekit answers itself, a refusal included. Raises nothing."""
    origin = release.origin
    if origin is None or not (_is_listed(origin, request.path) or _falls_back(origin, request, reading, release)):
        return None
    identification = release.identification
    visitor = Visitor(request, reading, release)
    return Forward(
        url=origin.url,
        tier=visitor.tier.name,
        trusted=identification.proxies.trusts(request),
        believed=identification.header if visitor.is_identified else None,
        disbelieved=None if visitor.is_identified else identification.header,
        release=release.name,
        unavailable=release.unavailable,
        headers=release.headers.of(request.path) if release.headers else (),
        reads=reading.reads,
        logs=tuple(reading.logs),
    )


def _is_listed(origin: Origin, raw: bytes) -> bool:
    path = raw.decode("latin-1")
    return (
        any(matches(pattern, path) for pattern in origin.paths)
        and not path.startswith(RESERVED)
        and _TARGET.fullmatch(raw) is not None
        and _DOT_SEGMENT.search(raw) is None
    )


def _falls_back(origin: Origin, request: Request, reading: Reading, release: Release) -> bool:
    """Has edgekit nothing for this path, or a page and for other methods nothing?

    A spelling of a path that is unknown, too, is not redirected first: the origin may answer `/blog/` only.
    """
    if not origin.fallback or request.path.startswith(_OWN_PATH.encode()):  # `/_edgekit/` is spelt `/_edgekit`
        return False
    page = release.spelt.get(request.path)
    if page is None:
        canonical = canonical_path(request.path)
        if isinstance(canonical, Refusal) or not _TARGET.fullmatch(request.path):
            return False
        path = unquote(canonical.location) if isinstance(canonical, Redirect) else canonical
        page = release.pages.get(path)
        if page is None:
            return not (path.startswith(_OWN_PATH) or release.redirects.find(path) or _is_asset(path, reading, release))
    return request.method not in READ_METHODS


def _is_asset(path: str, reading: Reading, release: Release) -> bool:
    if not path.startswith(_ASSETS_PATH):
        return False
    try:
        return release.body(reading, ASSETS, path) is not None
    except ReadError:
        return True

"""An answer, and the headers that say who may keep it: sections 6 and 12 of the contract."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from edgekit.model.manifest import Delivery
from edgekit.replay.compression import gzip_etag, is_compressible, takes_gzip, vary_by_encoding
from edgekit.replay.identity.proxies import SEGMENT_HEADER
from edgekit.replay.request import Headers, Request

Outcome = Literal["ok", "exception", "exceededCpu", "canceled"]
"""`canceled`: the client went before its answer was sent."""
Level = Literal["error", "warn"]
Class = Delivery | Literal["asset"]
"""What was answered with, told apart as metrics do."""
Fallback = Literal["user", "configuration", "fragment", "release", "page"]
"""What could not be had: the user's record, a tier's configuration, a body, the current release, or the whole page."""


class Log(msgspec.Struct, frozen=True):
    """A critical event. `message` names places and types, never a value of a slot."""

    level: Level
    message: str


class Response(msgspec.Struct, frozen=True):
    """What goes to the client, and what is told of it: `cpu` is in seconds, `reads` counts look-ups.

    `kind` is None for what is neither a page nor an asset; `failures` counts reads that failed, each try.
    """

    status: int
    headers: Headers
    body: bytes
    outcome: Outcome = "ok"
    tier: str | None = None
    release: str | None = None
    cpu: float = 0.0
    reads: int = 0
    logs: tuple[Log, ...] = ()
    kind: Class | None = None
    fallbacks: tuple[Fallback, ...] = ()
    failures: int = 0


class Answer(msgspec.Struct, frozen=True):
    """Status, headers (without the length) and body of a response; `tier` is None where no tier was asked for.

    A body that is to be compressed before it is sent has its ETag, as it is, as `compress_as`.
    """

    status: int
    headers: Headers
    body: bytes
    tier: str | None = None
    kind: Class | None = None
    compress_as: bytes | None = None


NO_STORE: Final = (b"cache-control", b"no-store")
_HTML: Final = (b"content-type", b"text/html; charset=utf-8")

PAGE_HEADERS: Final[Mapping[Delivery, Headers]] = MappingProxyType(
    {
        "static": (_HTML, (b"cache-control", b"public, max-age=0, s-maxage=60, stale-while-revalidate=300")),
        "segment": (_HTML, (b"cache-control", b"private, max-age=0")),
        "user": (_HTML, (b"cache-control", b"private, no-store")),
    }
)
SHARED_SEGMENT_HEADERS: Final[Headers] = (
    *PAGE_HEADERS["segment"],
    (b"surrogate-control", b"max-age=60"),  # https://www.w3.org/TR/edge-arch/: for the next cache, which takes it away
    (b"vary", SEGMENT_HEADER),
)
UNAVAILABLE_HEADERS: Final[Headers] = (_HTML, NO_STORE)
PLAIN_HEADERS: Final[Headers] = ((b"content-type", b"text/plain; charset=utf-8"), NO_STORE)
_FOR_AN_HOUR: Final = (b"cache-control", b"public, s-maxage=3600")
_REDIRECT_CACHING: Final[Mapping[int, tuple[bytes, bytes]]] = {
    **dict.fromkeys((301, 308), _FOR_AN_HOUR),
    **dict.fromkeys((302, 303, 307), PAGE_HEADERS["static"][1]),  # a temporary one changes as a static page does
}
IMMUTABLE: Final = (b"cache-control", b"public, max-age=31536000, immutable")

NOT_FOUND: Final = Answer(404, PLAIN_HEADERS, b"Not found.\n")
UNAVAILABLE: Final = Answer(503, PLAIN_HEADERS, b"This page is not available now.\n")
METHOD_NOT_ALLOWED: Final = Answer(
    405, (*PLAIN_HEADERS, (b"allow", b"GET, HEAD")), b"Only GET and HEAD are answered here.\n"
)
EXCEEDED_CPU: Final = Answer(
    429, (*PLAIN_HEADERS, (b"x-edgekit-outcome", b"exceededCpu")), b"This page took too long to make.\n"
)
HOST_UNCLEAR: Final = Answer(400, PLAIN_HEADERS, b"A request needs one Host.\n")
HEAD_TOO_LARGE: Final = Answer(431, PLAIN_HEADERS, b"The headers of this request are too large.\n")
BODY_TOO_SLOW: Final = Answer(408, PLAIN_HEADERS, b"The body of this request did not come.\n")
NOT_FORWARDED: Final = Answer(400, PLAIN_HEADERS, b"This request is malformed.\n")
NO_WEBSOCKETS: Final = Answer(501, PLAIN_HEADERS, b"WebSockets are not passed on.\n")
_REFUSALS: Final = {
    400: Answer(400, PLAIN_HEADERS, b"This address is malformed.\n"),
    414: Answer(414, PLAIN_HEADERS, b"This address is too long.\n"),
}
_UNSAFE_IN_LOCATION: Final = re.compile(rb"[^!\x22\x24-~]")
"""A `#`, too: a query of a request has none, and in a Location it would begin the fragment."""


def refuse(status: Literal[400, 414]) -> Answer:
    return _REFUSALS[status]


def respond_alone(request: Request, answer: Answer) -> Response:
    """The response with an answer that no release had a part in."""
    headers = (*answer.headers, (b"content-length", b"%d" % len(answer.body)))
    body = b"" if request.method == "HEAD" else answer.body
    return Response(answer.status, headers, body)


def redirect(location: str, query: bytes, status: int = 308) -> Answer:
    """To `location`, ASCII that may have a query and a fragment, with the query as it came behind its own."""
    target, sharp, fragment = location.encode("ascii").partition(b"#")
    if query:
        target += b"&" if b"?" in target else b"?"
        target += _UNSAFE_IN_LOCATION.sub(lambda byte: b"%%%02X" % byte[0][0], query)
    return Answer(status, ((b"location", target + sharp + fragment), _REDIRECT_CACHING[status]), b"")


def share(request: Request, answer: Answer, etag: bytes) -> Answer:
    """`answer`, whose body is the same for all its readers, in the coding that the client asked for.

    `etag` is that of the body as it is. A 200 has its ETag, and may become a 304.
    """
    etags = [etag]
    if is_compressible(answer.headers, len(answer.body)):
        compress_as = etag if takes_gzip(request.headers) else None
        answer = replace(answer, headers=vary_by_encoding(answer.headers), compress_as=compress_as)
        etags.insert(0 if compress_as else 1, gzip_etag(etag))
    return revalidate(request, answer, *etags) if answer.status == 200 else answer


def revalidate(request: Request, answer: Answer, *etags: bytes) -> Answer:
    """`answer` with the first of its ETags; 304 without a body if the client holds these very bytes, in any coding.

    A 304 has the ETag that the client named: by it a cache finds which of its answers it may use again.
    """
    for etag in etags:
        if _holds(request, etag):
            kept = tuple(header for header in answer.headers if header[0] != b"content-type")
            return Answer(304, (*kept, (b"etag", etag)), b"", answer.tier, answer.kind)
    return replace(answer, headers=(*answer.headers, (b"etag", etags[0])))


def _holds(request: Request, etag: bytes) -> bool:
    """Does an If-None-Match name `etag`? Weak comparison, RFC 9110, 13.1.2.

    The tag is in quotes, and none holds a quote, so it stands in a list of tags only as one of them. A head of 64 KiB
    may hold so many that to split them would take more than all that fuel counts.
    """
    return any(
        name == b"if-none-match" and (etag in value or value.strip(b" \t") == b"*") for name, value in request.headers
    )

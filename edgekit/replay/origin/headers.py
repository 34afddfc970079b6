"""What of a request's head goes to the origin, and what of its answer's head comes back.

What belongs to one connection stays behind: RFC 9110, 7.6.1. What tells the origin who asks, and how, is edgekit's
word: from outside it counts only if a trusted proxy says it.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from edgekit.replay.asgi import SERVER
from edgekit.replay.identity.proxies import SEGMENT_HEADER
from edgekit.replay.origin.forward import Forward
from edgekit.replay.request import Headers, Request, single_header

_HOP_BY_HOP: Final = frozenset(
    (b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
     b"trailer", b"transfer-encoding", b"upgrade")
)  # fmt: skip
_OWN: Final = frozenset((b"host", b"content-length", b"expect", b"via", SEGMENT_HEADER))
"""Written anew. `Expect: 100-continue` is answered by our server, when the body is read."""
_PROXYS: Final = frozenset((b"forwarded", b"x-real-ip"))
_TOLD: Final = frozenset((b"x-forwarded-host", b"x-forwarded-proto"))
"""What a trusted proxy may say better than edgekit. No other `X-Forwarded-…` goes on but the one that `[identity]` may
name: proxies hand on those that they do not know, so `X-Forwarded-Prefix` would be the visitor's."""
_CONTROL: Final = re.compile(rb"[^\t\x20-\x7e\x80-\xff]")
"""RFC 9110, 5.5."""
_NAME: Final = re.compile(rb"[a-z0-9-]+")
"""Other names are left out. By CGI's rule (RFC 3875, 4.1.18) an application sees `-` as `_`, and with some servers any
other character, too: `X_User_Segment` and `X.User.Segment` would be what is edgekit's to say."""


def request_headers(request: Request, forward: Forward, scheme: str) -> list[tuple[bytes, bytes]]:
    """The head for the origin, its framing included. `scheme` is that of the connection to edgekit."""
    names = {name for name, _ in request.headers}
    dropped = _HOP_BY_HOP | _OWN | _named(request.headers)
    if forward.disbelieved is not None:
        dropped |= {forward.disbelieved}
    kept = [
        (name, value)
        for name, value in request.headers
        if name not in dropped
        and _NAME.fullmatch(name)
        and not name.startswith((b"x-edgekit-", b"x-forwarded-"))
        and (forward.trusted or name not in _PROXYS)
    ]
    host = single_header(request, b"host") or urlsplit(forward.url).netloc.encode()
    if b"transfer-encoding" in names:
        kept.append((b"transfer-encoding", b"chunked"))
    elif (length := single_header(request, b"content-length")) is not None:
        kept.append((b"content-length", length))
    return [
        (b"host", host),
        *kept,
        *_forwarded(request, forward, host, scheme),
        (SEGMENT_HEADER, forward.tier.encode()),
        (b"via", _join(request, b"via", b"1.1 " + _pseudonym(forward))),
        (b"connection", b"close"),
    ]


def is_loop(request: Request, forward: Forward) -> bool:
    """Did this request come through this very release? Then the origin is edgekit itself."""
    return any(name == b"via" and _pseudonym(forward) in value for name, value in request.headers)


def response_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers | None:
    """Names in lower case; None if a value holds what no value may, and so nobody would take the answer.

    A body that came in chunks has no length, whatever its head says (RFC 9112, 6.3).
    """
    found = [(name.lower(), value) for name, value in headers]
    dropped = _HOP_BY_HOP | (_named(found) - {b"content-length"})
    if any(name == b"transfer-encoding" for name, _ in found):
        dropped |= {b"content-length"}
    kept = tuple((name, value) for name, value in found if name not in dropped)
    if all(name != SERVER[0] for name, _ in kept):  # ours would add its library's
        kept = (*kept, SERVER)
    return None if any(_CONTROL.search(value) for _, value in kept) else kept


def _forwarded(request: Request, forward: Forward, host: bytes, scheme: str) -> Headers:
    peer = request.peer.encode()
    if not forward.trusted:
        return (b"x-forwarded-for", peer), (b"x-forwarded-host", host), (b"x-forwarded-proto", scheme.encode())
    kept = tuple(
        (name, value)
        for name, value in request.headers
        if (name in _TOLD and name != forward.disbelieved)
        or (name == forward.believed and name.startswith(b"x-forwarded-") and name != b"x-forwarded-for")
    )
    told = {name for name, _ in kept}
    ours = ((b"x-forwarded-host", host), (b"x-forwarded-proto", scheme.encode()))
    return (
        (b"x-forwarded-for", _join(request, b"x-forwarded-for", peer)),
        *kept,
        *((name, value) for name, value in ours if name not in told),
    )


def _join(request: Request, wanted: bytes, value: bytes) -> bytes:
    """The list of a header, as it came and longer by `value`."""
    return b", ".join([*(came for name, came in request.headers if name == wanted), value])


def _named(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """What `Connection` says to belong to the connection, too."""
    return frozenset(
        named.strip(b" \t").lower() for name, value in headers if name == b"connection" for named in value.split(b",")
    )


def _pseudonym(forward: Forward) -> bytes:
    return b"edgekit-" + forward.release.encode()

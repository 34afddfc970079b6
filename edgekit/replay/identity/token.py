"""The jwt mode: a token that the site's issuer signed (RFC 7519, read as RFC 8725 advises).

What the token itself says of how to check it counts for little: its algorithm must be one of the site's, its `kid`
only chooses among the site's keys, and keys or addresses of keys in its header are not looked at.
"""

import hashlib
import re
from collections import OrderedDict
from typing import Any, Final, NamedTuple

import jwt
import msgspec

from edgekit.model.manifest import Identity
from edgekit.replay.cookies import find_cookies
from edgekit.replay.identity.identified import Identified, Identify, is_user_id
from edgekit.replay.identity.keys import TokenKeys
from edgekit.replay.request import Request, single_header

MAX_TOKEN_BYTES: Final = 8 * 1024
"""As much of a header as most servers take; a cookie holds half of it."""
LEEWAY: Final = 30
"""Seconds by which the issuer's clock and ours may differ."""
_HELD: Final = 1_000
"""Tokens that were found good are not checked again: a visitor sends the same one with each request."""

_BEARER: Final = re.compile(rb"[ \t]*[Bb][Ee][Aa][Rr][Ee][Rr] +([^ \t]+)[ \t]*")
_TOKEN: Final = re.compile(rb"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MAX_HEADER: Final = 1_024
"""Bytes of a token's own header, as it is written: `alg`, `kid`, `typ` and little else."""


class _Header(msgspec.Struct, frozen=True):
    """Of a token. Nothing critical (RFC 7515, 4.1.11) is understood here, so there must be none."""

    alg: str
    kid: str | None = None
    crit: msgspec.UnsetType = msgspec.UNSET


class _Times(msgspec.Struct, frozen=True):
    """From when and until when a token counts, in Unix seconds."""

    exp: float
    nbf: float = 0.0

    def include(self, now: float) -> bool:
        return self.nbf - LEEWAY <= now < self.exp + LEEWAY


class _Origin(msgspec.Struct, frozen=True):
    """Who issued a token, and for whom."""

    iss: str
    aud: str | list[str]


class _Checked(NamedTuple):
    times: _Times
    user: Identified


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_times = msgspec.json.Decoder(_Times).decode
_decode_origin = msgspec.json.Decoder(_Origin).decode
_decode_claims = msgspec.json.Decoder(dict[str, Any]).decode


def token_identify(identity: Identity, secret: bytes | None) -> Identify:
    """Raises ValueError if the issuer's keys are none.

    The token is in the site's cookie, if it names one, else in `Authorization: Bearer`: in one place only, so that no
    other can stand in for it.
    """
    keys = TokenKeys(identity, secret)
    cookie = identity.cookie.encode("ascii")
    held: OrderedDict[bytes, _Checked] = OrderedDict()

    def identify(request: Request) -> Identified | None:
        token = _find_in_cookie(request, cookie) if cookie else _find_bearer(request)
        if token is None or len(token) > MAX_TOKEN_BYTES:
            return None
        name = hashlib.sha256(token).digest()  # so that no credential stays in memory
        checked = held.pop(name, None) or _check(token, identity, keys)
        if checked is None or not checked.times.include(request.now):
            return None
        held[name] = checked  # behind those that were used before
        if len(held) > _HELD:
            held.popitem(last=False)
        return checked.user

    return identify


def _find_bearer(request: Request) -> bytes | None:
    found = _BEARER.fullmatch(single_header(request, b"authorization") or b"")
    return found[1] if found else None


def _find_in_cookie(request: Request, name: bytes) -> bytes | None:
    cookies = find_cookies(single_header(request, b"cookie"), name)
    return cookies[0] if len(cookies) == 1 else None


def _check(token: bytes, identity: Identity, keys: TokenKeys) -> _Checked | None:
    """The user of a token that the issuer signed for this site, whenever it counts."""
    parts = _TOKEN.fullmatch(token)
    if parts is None or len(parts[1]) > _MAX_HEADER:
        return None
    try:
        header = _decode_header(jwt.utils.base64url_decode(parts[1]))
        key = keys.find(header.alg, header.kid)
        return None if key is None else _read(keys.verify(token, header.alg, key), identity)
    except (jwt.PyJWTError, msgspec.DecodeError, ValueError, RecursionError):
        return None


def _read(payload: bytes, identity: Identity) -> _Checked | None:
    """The user of a payload that the issuer signed. Raises msgspec.DecodeError, ValueError or RecursionError."""
    origin = _decode_origin(payload)
    audiences = [origin.aud] if isinstance(origin.aud, str) else origin.aud
    if origin.iss != identity.issuer or identity.audience not in audiences:
        return None
    claims = _decode_claims(payload)
    user_id = claims.get(identity.claims.get("id", "sub"))
    if not isinstance(user_id, str) or not is_user_id(user_id):
        return None
    told = {field: claims.get(claim) for field, claim in identity.claims.items() if field != "id"}
    told = {field: value for field, value in told.items() if value is not None}
    return _Checked(_decode_times(payload), Identified(user_id, told))

"""The token of whoever runs the server, in a header that no browser sends by itself."""

from typing import Final

from edgekit.replay.request import Request, single_header
from edgekit.replay.secrets import is_secret

_SCHEME: Final = b"bearer "


def has_token(request: Request, token: bytes) -> bool:
    """Is the request's bearer token (RFC 6750, 2.1) this one? Takes as long for a near one as for any."""
    value = single_header(request, b"authorization") or b""
    given = value[len(_SCHEME) :].strip(b" ") if value[: len(_SCHEME)].lower() == _SCHEME else b""
    return bool(token) and is_secret(given, token)

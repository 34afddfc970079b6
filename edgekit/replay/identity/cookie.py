"""The cookie mode: a cookie with the user's id, written and signed by the site's own application.

`{id, percent-encoded, dots too}.{expiry, Unix seconds}.{HMAC-SHA256 of what precedes the last dot, base64url without
padding}`: contract, section 12.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Final
from urllib.parse import unquote_to_bytes

from edgekit.replay.cookies import find_cookies
from edgekit.replay.identity.identified import Identified, Identify, is_user_id
from edgekit.replay.request import Request, single_header
from edgekit.replay.secrets import is_secret

_MAX_BYTES: Final = 2_048
"""An id of 511 bytes, each escaped, an expiry and a signature are less."""

_ID: Final = re.compile(rb"(?:[^%.\x00-\x20\x22,;\x5c\x7f-\xff]|%[0-9A-Fa-f]{2})+")
"""What a cookie's value may hold (RFC 6265, 4.1.1), with whole escapes and without dots."""

_SIGNED: Final = re.compile(rb"(" + _ID.pattern + rb")\.([0-9]{1,12})")


def cookie_identify(name: bytes, secret: bytes | None) -> Identify:
    """Without a `secret` the cookie is the encoded id alone, and whoever sends it is believed."""

    def identify(request: Request) -> Identified | None:
        cookies = find_cookies(single_header(request, b"cookie"), name)
        if len(cookies) != 1 or len(cookies[0]) > _MAX_BYTES:
            return None
        written = cookies[0]
        if secret is not None:
            signed, _, signature = written.rpartition(b".")
            parts = _SIGNED.fullmatch(signed)
            if parts is None or not is_secret(signature, _sign(signed, secret)) or int(parts[2]) <= request.now:
                return None
            written = parts[1]
        elif not _ID.fullmatch(written):
            return None
        try:
            user_id = unquote_to_bytes(written).decode()
        except UnicodeDecodeError:
            return None
        return Identified(user_id) if is_user_id(user_id) else None

    return identify


def _sign(signed: bytes, secret: bytes) -> bytes:
    return urlsafe_b64encode(hmac.digest(secret, signed, hashlib.sha256)).rstrip(b"=")

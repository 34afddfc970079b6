"""Secrets: from the environment only, read once, never printed."""

import binascii
import hmac
from base64 import b64decode
from collections.abc import Mapping
from typing import Final

import msgspec

from edgekit.diagnostics.diagnostic import failure

JWT_SECRET: Final = "EDGEKIT_JWT_SECRET"  # noqa: S105 - the name of a variable
COOKIE_SECRET: Final = "EDGEKIT_COOKIE_SECRET"  # noqa: S105
PROXY_SECRET: Final = "EDGEKIT_PROXY_SECRET"  # noqa: S105
WEBHOOK_SECRET: Final = "EDGEKIT_WEBHOOK_SECRET"  # noqa: S105
ADMIN_TOKEN: Final = "EDGEKIT_ADMIN_TOKEN"  # noqa: S105

MIN_BYTES: Final = 32
"""Of a secret of identification: as long as the hash of HMAC-SHA256 (RFC 2104, 3: less is discouraged)."""
_PREFIX: Final = "whsec_"
_MIN_WEBHOOK_BYTES: Final = 24
"""https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme"""


class Secrets(msgspec.Struct, frozen=True):
    """The bytes of each variable, None if that is not set; of `webhook` the key that it encodes."""

    jwt: bytes | None = None
    cookie: bytes | None = None
    proxy: bytes | None = None
    webhook: bytes | None = None
    admin_token: bytes | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


def read_secrets(environment: Mapping[str, str]) -> Secrets:
    """An empty variable is one that is not set. Raises EK456 for a webhook secret that cannot be used."""
    jwt, cookie, proxy, admin_token = (
        environment.get(name, "").encode(errors="surrogateescape") or None
        for name in (JWT_SECRET, COOKIE_SECRET, PROXY_SECRET, ADMIN_TOKEN)
    )
    return Secrets(jwt, cookie, proxy, _read_key(environment.get(WEBHOOK_SECRET, "")), admin_token)


def is_secret(value: bytes | None, secret: bytes) -> bool:
    """Compared in a time that tells nothing of where they differ."""
    return value is not None and hmac.compare_digest(value, secret)


def _read_key(text: str) -> bytes | None:
    if not text:
        return None
    encoded = text.removeprefix(_PREFIX)
    try:
        key = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < _MIN_WEBHOOK_BYTES:
        raise failure(
            "EK456",
            f"`{WEBHOOK_SECRET}` is no webhook secret: `{_PREFIX}`, and base64 of {_MIN_WEBHOOK_BYTES} bytes or more",
            help=f'make one with `echo "{_PREFIX}$(openssl rand -base64 32)"`, and give it to the sender too',
        )
    return key

"""Secrets: from the environment only, read once, never printed."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Final

import msgspec

from edgekit.diagnostics.diagnostic import failure

WEBHOOK_SECRET: Final = "EDGEKIT_WEBHOOK_SECRET"  # noqa: S105 - its name
ADMIN_TOKEN: Final = "EDGEKIT_ADMIN_TOKEN"  # noqa: S105 - its name
_PREFIX: Final = "whsec_"
_MIN_BYTES: Final = 24
"""https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme"""


class Secrets(msgspec.Struct, frozen=True):
    """Empty where it is not set. `webhook` is the key itself."""

    webhook: bytes = b""
    admin_token: str = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


def read_secrets(environment: Mapping[str, str]) -> Secrets:
    """Raises EK456 for one that is set and cannot be used."""
    return Secrets(_read_key(environment.get(WEBHOOK_SECRET, "")), environment.get(ADMIN_TOKEN, ""))


def _read_key(text: str) -> bytes:
    if not text:
        return b""
    encoded = text.removeprefix(_PREFIX)
    try:
        key = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < _MIN_BYTES:
        raise failure(
            "EK456",
            f"`{WEBHOOK_SECRET}` is no webhook secret: `{_PREFIX}`, and base64 of {_MIN_BYTES} bytes or more",
            help=f'make one with `echo "{_PREFIX}$(openssl rand -base64 32)"`, and give it to the sender too',
        )
    return key

"""The secrets of identification, from the environment and from nowhere else."""

import hmac
from collections.abc import Mapping
from typing import Final

import msgspec

JWT_SECRET: Final = "EDGEKIT_JWT_SECRET"  # noqa: S105 - the name of a variable
COOKIE_SECRET: Final = "EDGEKIT_COOKIE_SECRET"  # noqa: S105
PROXY_SECRET: Final = "EDGEKIT_PROXY_SECRET"  # noqa: S105

MIN_BYTES: Final = 32
"""As long as the hash of HMAC-SHA256 (RFC 2104, 3: less is discouraged)."""


class Secrets(msgspec.Struct, frozen=True):
    """Each as the bytes of its variable; None if that is not set."""

    jwt: bytes | None = None
    cookie: bytes | None = None
    proxy: bytes | None = None

    def __repr__(self) -> str:
        return "Secrets(…)"


def read_secrets(environment: Mapping[str, str]) -> Secrets:
    """An empty variable is one that is not set."""
    jwt, cookie, proxy = (
        environment.get(name, "").encode(errors="surrogateescape") or None
        for name in (JWT_SECRET, COOKIE_SECRET, PROXY_SECRET)
    )
    return Secrets(jwt, cookie, proxy)


def is_secret(value: bytes | None, secret: bytes) -> bool:
    """Compared in a time that tells nothing of where they differ."""
    return value is not None and hmac.compare_digest(value, secret)

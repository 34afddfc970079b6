"""The envelope of a stored value: 8 bytes of expiry (big-endian Unix seconds, 0 = never), then the value."""

from typing import Final

EXPIRY_BYTES: Final = 8
NEVER: Final = 0


def seal(value: bytes, expires: int = NEVER) -> bytes:
    return expires.to_bytes(EXPIRY_BYTES, "big") + value


def unseal(stored: bytes) -> tuple[int, bytes]:
    """Expiry and value.

    Raises ValueError if `stored` is shorter than an envelope.
    """
    if len(stored) < EXPIRY_BYTES:
        raise ValueError(f"a stored value has at least {EXPIRY_BYTES} bytes, this one {len(stored)}")
    return int.from_bytes(stored[:EXPIRY_BYTES], "big"), stored[EXPIRY_BYTES:]


def is_expired(expires: int, now: float) -> bool:
    return expires != NEVER and expires <= now

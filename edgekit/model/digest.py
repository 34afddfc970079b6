"""The digest that names a body: the first 16 bytes of SHA-256 over the body as stored."""

import hashlib
from typing import Final

DIGEST_BYTES: Final = 16


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:DIGEST_BYTES]

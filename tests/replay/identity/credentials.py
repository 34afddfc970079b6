"""Tokens and cookies, good and bad, made apart from what checks them."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET: Final = b"a secret of 64 bytes, as HS512 wants it, and not a byte less!!!!"
NOW: Final = 1_800_000_000
ISSUER: Final = "https://login.example/"
CLAIMS: Final[dict[str, Any]] = {"iss": ISSUER, "aud": "shop", "exp": NOW + 600, "sub": "u1"}
PUBLIC: Final = ("kty", "n", "e", "crv", "x", "y", "kid", "alg")


def private_key(algorithm: str, number: int = 0) -> Any:
    """A key for signing, one for all algorithms of its kind; another for each number."""
    return _make_key("RSA" if algorithm[:2] in ("RS", "PS") else algorithm, number)


@cache
def _make_key(kind: str, number: int) -> Any:
    if kind == "RSA":
        return rsa.generate_private_key(65_537, 2_048)
    if kind == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}[kind]())


def public_jwk(algorithm: str, number: int = 0, **more: str) -> dict[str, str]:
    """The public half as a manifest has it."""
    written = jwt.get_algorithm_by_name(algorithm).to_jwk(private_key(algorithm, number).public_key(), as_dict=True)
    return {name: value for name, value in {**written, **more}.items() if name in PUBLIC}


def public_pem(algorithm: str) -> bytes:
    return bytes(private_key(algorithm).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def sign(claims: dict[str, Any] = CLAIMS, algorithm: str = "RS256", key: Any = None, **header: Any) -> bytes:
    """A token as an issuer makes it; `header` is added to the token's."""
    if key is None:
        key = SECRET if algorithm.startswith("HS") else private_key(algorithm)
    return jwt.encode(claims, key, algorithm, headers=header).encode()


def write_token(header: str | bytes, payload: str | bytes, key: bytes = SECRET) -> bytes:
    """A token of these very texts, signed with HMAC-SHA256."""
    parts = (part.encode() if isinstance(part, str) else part for part in (header, payload))
    signed = b".".join(map(encode, parts))
    return signed + b"." + encode(hmac.digest(key, signed, hashlib.sha256))


def encode(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def dump(content: object) -> bytes:
    return json.dumps(content).encode()


def write_cookie(user_id: str | bytes = "u1", expires: int | str = NOW + 600, key: bytes = SECRET) -> bytes:
    """A signed cookie; the id as it stands there."""
    signed = (user_id.encode() if isinstance(user_id, str) else user_id) + b"." + str(expires).encode()
    return signed + b"." + encode(hmac.digest(key, signed, hashlib.sha256))

"""How a token may be signed, and which public keys check it: RFC 7517, RFC 7518 section 3, RFC 8037."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Algorithm = Literal[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]
"""Never `none`, which is no signature."""

Jwk = dict[str, str]
"""A public key: the members of `PUBLIC_MEMBERS`, and `kid` and `alg` if it has them."""

SECRET_BYTES: Final[Mapping[str, int]] = MappingProxyType({"HS256": 32, "HS384": 48, "HS512": 64})
"""The algorithms that sign with a secret, and how long it must be at least: as long as the hash, RFC 7518, 3.2."""

_KINDS: Final[Mapping[str, tuple[str, str | None]]] = MappingProxyType(
    {
        **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", None)),
        "ES256": ("EC", "P-256"),
        "ES384": ("EC", "P-384"),
        "ES512": ("EC", "P-521"),
        "EdDSA": ("OKP", "Ed25519"),
    }
)
"""`kty` and `crv` of an algorithm's keys."""

PUBLIC_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
)
"""What makes a public key of each `kty`."""


def can_check(key: Mapping[str, object], algorithm: str) -> bool:
    """Is it a key of this algorithm? One that names its algorithm is of no other."""
    kind = _KINDS.get(algorithm)
    return kind == (key.get("kty"), key.get("crv")) and key.get("alg", algorithm) == algorithm

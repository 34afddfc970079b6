"""The keys by which a site checks tokens: its issuer's public ones, or the secret that it shares with the issuer."""

from typing import Final

import jwt

from edgekit.model.jwk import SECRET_BYTES, can_check
from edgekit.model.manifest import Identity

_OPTIONS: Final[jwt.types.SigOptions] = {"verify_signature": True, "enforce_minimum_key_length": True}


class TokenKeys:
    """Each algorithm of the site has its own keys, so none is ever used with another."""

    def __init__(self, identity: Identity, secret: bytes | None) -> None:
        """Raises ValueError if a key is none."""
        self._jws = jwt.PyJWS([*identity.algorithms])
        self._keys: dict[str, dict[str | None, jwt.PyJWK | bytes]] = {}
        try:
            for algorithm in identity.algorithms:
                keys: dict[str | None, jwt.PyJWK | bytes] = {
                    key.get("kid"): jwt.PyJWK.from_dict(key, algorithm)
                    for key in identity.jwks
                    if can_check(key, algorithm)
                }
                if algorithm in SECRET_BYTES and secret is not None:
                    keys = {None: secret}
                self._keys[algorithm] = keys
        except jwt.PyJWTError as error:
            raise ValueError(str(error)) from None

    def find(self, algorithm: str, kid: str | None) -> jwt.PyJWK | bytes | None:
        """The one key that a token's header can mean, or None. A lone key without a `kid` is meant by any."""
        keys = self._keys.get(algorithm, {})
        if kid in keys:
            return keys[kid]
        if len(keys) == 1 and (kid is None or None in keys):
            return next(iter(keys.values()))
        return None

    def verify(self, token: bytes, algorithm: str, key: jwt.PyJWK | bytes) -> bytes:
        """The payload. Raises jwt.PyJWTError if it is not this key that signed it."""
        payload: bytes = self._jws.decode(token, key, [algorithm], _OPTIONS)
        return payload

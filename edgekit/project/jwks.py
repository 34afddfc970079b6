"""The file of `[identity] jwks`: the public keys by which an issuer's tokens are checked (RFC 7517)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from edgekit.model.jwk import PUBLIC_MEMBERS, Jwk, can_check
from edgekit.project.files import read_bytes
from edgekit.project.problems import Problems

MAX_FILE_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 100
RSA_BITS: Final = (2_048, 8_192)
"""RFC 7518, 3.3 wants 2,048; a check with more than 8,192 takes long, and whoever sends a token asks for one."""

_HELP: Final = 'save what the issuer publishes as `jwks_uri`: `{"keys": [{"kty": "RSA", "kid": …}]}`'


def read_jwks(file: Path, algorithms: Sequence[str], problems: Problems) -> tuple[Jwk, ...]:
    """The file's keys for these algorithms, by `kid`, their public members alone; none, problems noted, if it is wrong.

    Keys for encryption and for other algorithms, which issuers publish in the same file, are left out.
    """
    content = read_bytes(file, MAX_FILE_BYTES, problems)
    if content is None:
        return ()
    faults: list[str] = []
    keys = _read_keys(content, algorithms, faults)
    for fault in faults:
        problems.add("EK154", f"`{file.name}` {fault}", help=_HELP, file=file)
    return () if faults else tuple(sorted(keys, key=lambda key: key.get("kid", "")))


def _read_keys(content: bytes, algorithms: Sequence[str], faults: list[str]) -> list[Jwk]:
    try:
        written = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        faults.append(f"is no JSON: {str(error).partition(': ')[2] or error}")
        return []
    entries = written.get("keys") if isinstance(written, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        faults.append("is no key set: it has no list `keys`")
        return []
    if len(entries) > MAX_KEYS:
        faults.append(f"has {len(entries)} keys, more than {MAX_KEYS}")
        return []
    keys: list[Jwk] = []
    for number, entry in enumerate(entries, 1):
        key = _read_key(entry, f"key {number}", algorithms, faults)
        if key is not None:
            keys.append(key)
    for algorithm in algorithms if not faults else ():
        ids = [key.get("kid") for key in keys if can_check(key, algorithm)]
        if not ids:
            faults.append(f"has no key for `{algorithm}`")
        elif len(ids) > 1 and (None in ids or len({*ids}) < len(ids)):
            faults.append(f"has several keys for `{algorithm}` whose `kid` does not tell them apart")
    return keys


def _read_key(entry: Mapping[str, Any], name: str, algorithms: Sequence[str], faults: list[str]) -> Jwk | None:
    """The public key, if it is one for these algorithms."""
    kind = entry.get("kty")
    if kind == "oct" or "d" in entry or "k" in entry:
        faults.append(f"holds a secret: {name} is not a public one")
        return None
    usable = [algorithm for algorithm in algorithms if can_check(entry, algorithm)]
    if not usable or entry.get("use", "sig") != "sig":
        return None
    members = ("kty", *PUBLIC_MEMBERS[str(kind)], "kid", "alg")
    key = {member: entry[member] for member in members if member in entry}
    if not all(isinstance(value, str) for value in key.values()):
        faults.append(f"has a key that cannot be used: {name} has a member that is no string")
        return None
    fault = _find_fault(key, usable[0])
    if fault:
        faults.append(f"has a key that cannot be used: {name} {fault}")
        return None
    return key


def _find_fault(key: Jwk, algorithm: str) -> str:
    import jwt  # loads the cryptography, which other sites do not need

    try:
        bits: int = getattr(jwt.PyJWK.from_dict(key, algorithm).key, "key_size", 0)
    except (jwt.PyJWTError, ValueError):  # ValueError: a number that no key of its kind has
        return f"is no `{key['kty']}` key"
    if key["kty"] == "RSA" and not RSA_BITS[0] <= bits <= RSA_BITS[1]:
        return f"has {bits:,} bits; {RSA_BITS[0]:,} to {RSA_BITS[1]:,} are taken"
    return ""

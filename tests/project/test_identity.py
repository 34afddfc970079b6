"""`[identity]`: what goes with which mode, and the file of an issuer's keys."""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError
from edgekit.model.manifest import Identity
from edgekit.project.load import load_site
from tests.project.folder import CONFIG, write_site

JWT = """\
[slots.NAME]
from = "user.name"
default = "there"
max_length = 40
[identity]
mode = "jwt"
issuer = "https://login.example/"
audience = "shop"
"""
BY_KEY = JWT + 'algorithms = ["RS256"]\njwks = "keys.json"\n'
BY_SECRET = JWT + 'algorithms = ["HS256"]\n'
COOKIE = '[identity]\nmode = "cookie"\ncookie = "session"\n'


@cache
def jwk(bits: int = 2_048) -> dict[str, Any]:
    key = rsa.generate_private_key(65_537, bits)
    return jwt.get_algorithm_by_name("RS256").to_jwk(key.public_key(), as_dict=True)


@cache
def curve() -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key(), as_dict=True)


def keys(*entries: dict[str, Any]) -> str:
    return json.dumps({"keys": list(entries)})


def read(folder: Path, text: str, jwks: str | bytes | None = None) -> Identity:
    return load_site(write_site(folder / "site", {"edgekit.toml": CONFIG + text, "keys.json": jwks})).identity


def fault(folder: Path, text: str, jwks: str | bytes | None = None) -> Diagnostic:
    with pytest.raises(EdgekitError) as raised:
        read(folder, text, jwks)
    (found,) = raised.value.diagnostics
    assert raised.value.status == 2
    return found


def test_tokens_that_keys_sign(tmp_path: Path) -> None:
    text = BY_KEY + 'cookie = "__Host-token"\n[identity.claims]\ntier = "plan"\nname = "given_name"\nid = "uid"\n'
    assert read(tmp_path, text, keys({**jwk(), "kid": "k1", "x5c": ["…"], "use": "sig"})) == Identity(
        mode="jwt",
        issuer="https://login.example/",
        audience="shop",
        algorithms=("RS256",),
        jwks=({"kty": "RSA", "n": jwk()["n"], "e": "AQAB", "kid": "k1"},),
        cookie="__Host-token",
        claims={"tier": "plan", "name": "given_name", "id": "uid"},
    )


def test_tokens_that_a_secret_signs(tmp_path: Path) -> None:
    identity = read(tmp_path, BY_SECRET)
    assert (identity.algorithms, identity.jwks) == (("HS256",), ())


def test_a_signed_cookie(tmp_path: Path) -> None:
    assert read(tmp_path, COOKIE) == Identity(mode="cookie", cookie="session")


def test_proxies_that_the_site_names(tmp_path: Path) -> None:
    proxies = 'trusted_proxies = ["10.0.0.0/8"]\n'
    assert read(tmp_path, "[identity]\n" + proxies) == Identity(trusted_proxies=("10.0.0.0/8",), proxies_named=True)
    assert read(tmp_path, COOKIE + proxies).proxies_named
    assert not read(tmp_path, "[identity]\ntrusted_proxies = []\n").proxies_named


def test_an_insecure_cookie_is_a_warning(tmp_path: Path) -> None:
    site = load_site(write_site(tmp_path / "site", {"edgekit.toml": CONFIG + COOKIE + "insecure = true\n"}))
    assert site.identity.insecure
    assert [(found.code, found.line, found.severity) for found in site.warnings] == [("EK155", 7, "warning")]


def test_keys_of_other_kinds_and_for_other_ends_are_left_out(tmp_path: Path) -> None:
    others = ({**jwk(), "use": "enc"}, {**jwk(), "alg": "RS512"}, curve(), {"kty": "AKP", "pub": "…"})
    assert read(tmp_path, BY_KEY, keys(*others, {**jwk(), "kid": "k1"})).jwks == (
        {"kty": "RSA", "n": jwk()["n"], "e": "AQAB", "kid": "k1"},
    )


@pytest.mark.parametrize(
    ("text", "code", "line", "message", "help"),
    [
        (JWT, "EK112", 8, "`identity.algorithms` is missing", 'add `algorithms = ["RS256"]`'),
        ('[identity]\nmode = "cookie"\n', "EK112", 4, "`identity.cookie` is missing", 'add `cookie = "session"`'),
        (BY_KEY.replace('issuer = "https://login.example/"\n', ""), "EK112", 8, "`identity.issuer`", "add `issuer"),
        (BY_KEY.replace('audience = "shop"\n', ""), "EK112", 8, "`identity.audience` is missing", "add `audience"),
        (BY_KEY.replace("RS256", "none"), "EK111", 12, "`identity.algorithms` is wrong", ""),
        (BY_KEY.replace("RS256", "HS1"), "EK111", 12, "`identity.algorithms` is wrong", ""),
        (BY_KEY.replace('"RS256"', '"RS256", "HS256"'), "EK113", 12, "one could pass for the other", "keep those"),
        (BY_KEY.replace("RS256", "HS256"), "EK113", 13, "`identity.jwks` means nothing", "EDGEKIT_JWT_SECRET"),
        (BY_KEY.replace('jwks = "keys.json"\n', ""), "EK112", 8, "`identity.jwks` is missing", "jwks_uri"),
        (BY_KEY.replace("keys.json", "a\\u0000b"), "EK113", 13, "`identity.jwks` has a control character", "path"),
        (BY_SECRET + 'header = "x-id"\n', "EK113", 13, "`identity.header` means nothing", '`mode = "header"`'),
        (
            COOKIE + "[identity.claims]\ntier = 'plan'\n",
            "EK113",
            7,
            "`identity.claims` means nothing",
            '`mode = "jwt"`',
        ),
        (COOKIE + 'issuer = "a"\n', "EK113", 7, "`identity.issuer` means nothing", '`mode = "jwt"`'),
        ("[identity]\ninsecure = true\n", "EK113", 5, "`identity.insecure` means nothing", '`mode = "cookie"`'),
        ('[identity]\ncookie = "a"\n', "EK113", 5, "`identity.cookie` means", '`mode = "jwt"` or `mode = "cookie"`'),
        (COOKIE.replace("session", "a b"), "EK113", 6, "`a b` is no name of a cookie", "`session`"),
        (
            BY_SECRET + "[identity.claims]\nnmae = 'n'\n",
            "EK113",
            14,
            "`user.nmae`, which a claim would tell; did",
            "slot",
        ),
        (BY_SECRET + "[identity.claims]\nknown = 'n'\n", "EK113", 14, "no slot reads `user.known`", "slot"),
        (BY_SECRET + "[identity.claims]\ntier = 1\n", "EK111", 14, "`identity.claims.tier` is wrong", ""),
        (BY_KEY.replace('["RS256"]', '"RS256"'), "EK111", 12, "expected `array`, got `string`", 'such as `["HS256"]`'),
        (BY_SECRET + 'secret = "s3cret"\n', "EK110", 13, "unknown key `identity.secret`", "from the environment"),
    ],
)
def test_what_does_not_go_together(tmp_path: Path, text: str, code: str, line: int, message: str, help: str) -> None:
    found = fault(tmp_path, text, keys(jwk()))
    assert (found.code, found.line) == (code, line)
    assert message in found.message
    assert help in found.help


BAD_KEYS: dict[str, tuple[Any, str, str]] = {
    "not there": (None, "EK102", "`keys.json` cannot be read"),
    "too large": (b" " * (256 * 1024 + 1), "EK104", "larger than"),
    "no JSON": ("keys", "EK154", "is no JSON"),
    "no UTF-8": (b'{"keys": "\xff"}', "EK154", "is no JSON"),
    "nested": ("[" * 100_000, "EK154", "is no JSON"),
    "a PEM": ("-----BEGIN PUBLIC KEY-----", "EK154", "is no JSON"),
    "no set": (json.dumps([{"kty": "RSA"}]), "EK154", "is no key set"),
    "a list of texts": (json.dumps({"keys": ["k"]}), "EK154", "is no key set"),
    "no keys": (keys(), "EK154", "has no key for `RS256`"),
    "another kind": (keys(curve()), "EK154", "has no key for `RS256`"),
    "for encryption": (keys({**jwk(), "use": "enc"}), "EK154", "has no key for `RS256`"),
    "a private key": (keys({**jwk(), "d": "AQAB"}), "EK154", "holds a secret: key 1 is not a public one"),
    "a secret": (keys(jwk(), {"kty": "oct", "k": "c2VjcmV0"}), "EK154", "holds a secret: key 2"),
    "garbage": (keys({**jwk(), "n": "!!"}), "EK154", "cannot be used: key 1"),
    "no modulus": (keys({"kty": "RSA", "e": "AQAB"}), "EK154", "cannot be used: key 1 is no `RSA` key"),
    "a number": (keys({**jwk(), "n": 7}), "EK154", "key 1 has a member that is no string"),
    "a kid that is no text": (keys({**jwk(), "kid": 7}), "EK154", "key 1 has a member that is no string"),
    "an exponent of one": (keys({**jwk(), "e": "AQ"}), "EK154", "cannot be used: key 1 is no `RSA` key"),
    "a short key": (keys(jwk(1_024)), "EK154", "key 1 has 1,024 bits"),
    "a key that takes long": (
        keys({**jwk(), "n": base64.urlsafe_b64encode(b"\xff" * 2_048).rstrip(b"=").decode()}),
        "EK154",
        "key 1 has 16,384 bits",
    ),
    "two without a kid": (keys(jwk(), jwk()), "EK154", "several keys for `RS256`"),
    "two of one kid": (keys({**jwk(), "kid": "a"}, {**jwk(), "kid": "a"}), "EK154", "several keys for `RS256`"),
    "very many": (keys(*[{**jwk(), "kid": str(number)} for number in range(101)]), "EK154", "has 101 keys"),
}


@pytest.mark.parametrize(("content", "code", "message"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_file_that_is_no_set_of_public_keys(tmp_path: Path, content: Any, code: str, message: str) -> None:
    found = fault(tmp_path, BY_KEY, content)
    assert found.code == code
    assert message in found.message
    assert found.file is not None
    assert Path(found.file).name == "keys.json"
    assert found.help


def test_a_point_that_is_not_on_its_curve(tmp_path: Path) -> None:
    found = fault(tmp_path, BY_KEY.replace("RS256", "ES256"), keys({**curve(), "x": curve()["y"]}))
    assert (found.code, "is no `EC` key" in found.message) == ("EK154", True)

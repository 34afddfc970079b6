"""What an attacker may send, by mode: none of it makes anybody but a guest.

Each attack is a list of headers; the token or cookie that it starts from is u1's, whose page the guest must not see.
"""

from typing import Any, Final

from tests.replay.identity.credentials import (
    CLAIMS,
    ISSUER,
    SECRET,
    dump,
    encode,
    private_key,
    public_jwk,
    public_pem,
    sign,
    write_cookie,
    write_token,
)
from tests.replay.identity.site import BY_SECRET, COOKIE, HEADER, bearer, by_keys, cookie

FAR: Final = 4_000_000_000
"""Good until long after whenever the tests run: a real server has its own clock."""
OTHER: Final = b"another secret of 64 bytes, which this site has never heard of!!"

Attack = list[tuple[bytes, bytes]]


def claims(**changes: Any) -> dict[str, Any]:
    """u1's claims, changed; None leaves one out."""
    changed = {**CLAIMS, "exp": FAR, **changes}
    return {name: value for name, value in changed.items() if value is not None}


def header_attacks() -> dict[str, Attack]:
    name = b"x-user-id"
    return {
        "repeated": [(name, b"u1"), (name, b"u1")],
        "repeated, another first": [(name, b"u2"), (name, b"u1")],
        "repeated in another case": [(name, b"u2"), (b"X-User-Id", b"u1")],
        "a list": [(name, b"u1, u2")],
        "a list without blanks": [(name, b"u1,u1")],
        "a list of one": [(name, b"u1,")],
        "underscores": [(b"x_user_id", b"u1")],
        "underscores in part": [(b"x-user_id", b"u1")],
        "capitals and underscores": [(b"X_USER_ID", b"u1")],
        "the CGI name": [(b"HTTP_X_USER_ID", b"u1")],
        "empty": [(name, b"")],
        "blanks": [(name, b" \t ")],
        "no UTF-8": [(name, b"u1\xff")],
        "too long": [(name, b"u" * 512)],
        "a token": [bearer(sign(claims()))],
    }


def token_attacks() -> dict[str, Attack]:
    """On a site whose tokens RS256 signs."""
    good = sign(claims())
    head, payload, signature = good.split(b".")
    pem, jwk = public_pem("RS256"), public_jwk("RS256")
    last = good[-1:]
    tokens = {
        "alg none": write_token('{"alg":"none"}', dump(claims())).rpartition(b".")[0] + b".",
        "alg none with a signature": write_token('{"alg":"none"}', dump(claims())),
        "alg None": write_token('{"alg":"None"}', dump(claims())),
        "alg of no kind": write_token('{"alg":["RS256"]}', dump(claims())),
        "no alg": write_token('{"typ":"JWT"}', dump(claims())),
        "alg twice": write_token('{"alg":"RS256","alg":"HS256"}', dump(claims()), pem),
        "alg twice, the other way": write_token('{"alg":"HS256","alg":"RS256"}', dump(claims()), pem),
        "the public key as a secret": write_token('{"alg":"HS256","typ":"JWT"}', dump(claims()), pem),
        "the key's JSON as a secret": write_token('{"alg":"HS256"}', dump(claims()), dump(jwk)),
        "the modulus as a secret": write_token('{"alg":"HS256"}', dump(claims()), jwk["n"].encode()),
        "an empty secret": write_token('{"alg":"HS256"}', dump(claims()), b""),
        "the site's own secret": write_token('{"alg":"HS256"}', dump(claims())),
        "another algorithm of the same key": sign(claims(), "RS512"),
        "PSS with the same key": sign(claims(), "PS256"),
        "another key": sign(claims(), key=private_key("RS256", 1)),
        "another key, brought along": sign(claims(), key=private_key("RS256", 1), jwk=public_jwk("RS256", 1)),
        "another key, at an address": sign(
            claims(), key=private_key("RS256", 1), jku="http://127.0.0.1:9/jwks", x5u="http://127.0.0.1:9/cert"
        ),
        "another key, by a path": sign(claims(), key=private_key("RS256", 1), kid="../../../../etc/passwd"),
        "another key, by a URL": sign(claims(), key=private_key("RS256", 1), kid="http://127.0.0.1:9/key"),
        "another key, by a query": sign(claims(), key=private_key("RS256", 1), kid="' UNION SELECT 'key"),
        "a kid that is no text": write_token('{"alg":"RS256","kid":{"a":1}}', dump(claims())),
        "another audience": sign(claims(aud="another shop")),
        "other audiences": sign(claims(aud=["a", "b"])),
        "an audience that only begins so": sign(claims(aud="shop2")),
        "an audience that is no text": sign(claims(aud=["shop", 1])),
        "no audience": sign(claims(aud=None)),
        "another issuer": write_signed(claims(iss="https://login.example")),
        "no issuer": sign(claims(iss=None)),
        "issuers": write_signed(claims(iss=[ISSUER])),
        "expired": sign(claims(exp=1_000_000_000)),
        "no expiry": sign(claims(exp=None)),
        "an expiry that is text": write_signed(claims(exp=str(FAR))),
        "an expiry that is true": write_signed(claims(exp=True)),
        "an expiry without end": write_signed(dump(claims(exp=0)).replace(b'"exp": 0', b'"exp": Infinity')),
        "an expiry that is no number": write_signed(dump(claims(exp=0)).replace(b'"exp": 0', b'"exp": NaN')),
        "an expiry beyond numbers": write_signed(dump(claims(exp=0)).replace(b'"exp": 0', b'"exp": 1e999')),
        "not yet valid": sign(claims(nbf=FAR - 1)),
        "valid from a text on": write_signed(claims(nbf="0")),
        "no subject": sign(claims(sub=None)),
        "an empty subject": sign(claims(sub="")),
        "a subject that is a number": write_signed(claims(sub=1)),
        "subjects": write_signed(claims(sub=["u1"])),
        "a subject with a line break": sign(claims(sub="u1\nx-user-id: u2")),
        "a subject with a NUL": sign(claims(sub="u1\0")),
        "a subject that is half a character": write_signed(dump(claims()).replace(b'"u1"', b'"\\ud800"')),
        "a subject that no key can be": sign(claims(sub="é" * 256)),
        "another payload": b".".join((head, encode(dump(claims(sub="u2"))), signature)),
        "no signature": head + b"." + payload + b".",
        "no signature and no dot": head + b"." + payload,
        "a truncated signature": good[:-4],
        "a signature with more": good + b"AAAA",
        "a padded signature": good + b"==",
        "a payload with padding": head + b"." + payload + b"=." + signature,
        "other bits at the end": good[:-1] + (b"B" if last != b"B" else b"C"),
        "the other alphabet": good.replace(b"-", b"+").replace(b"_", b"/") + b"+",
        "blanks within": head + b". " + payload + b"." + signature,
        "a line break within": head + b"." + payload + b".\t" + signature,
        "two tokens": good + b"," + good,
        "four parts": good + b"." + signature,
        "five parts": good + b"." + signature + b"." + signature,
        "huge": sign(claims(more="x" * 8_192)),
        "a huge header": sign(claims(), more="x" * 2_048),
        "a nested header": write_token(b'{"alg":"RS256","x":' + b"[" * 700 + b"]" * 700 + b"}", dump(claims())),
        "a nested payload": write_signed(dump(claims())[:-1] + b',"x":' + b"[" * 2_500 + b"]" * 2_500 + b"}"),
        "a token in a token": sign({"jwt": good.decode()}, cty="JWT"),
        "claims in claims": sign({"claims": claims()}),
        "claims in a list": write_signed([claims()]),
        "a critical extension": write_signed(claims(), {"b64": True, "crit": ["b64"]}),
        "an unknown critical extension": sign(claims(), crit=["exp"]),
        "no critical extension": sign(claims(), crit=[]),
        "a payload as it is": write_signed(claims(), {"b64": False, "crit": ["b64"]}),
        "a payload as it is, unannounced": write_signed(claims(), {"b64": False}),
        "no JSON": write_token(b"alg", b"u1"),
        "empty parts": b"..",
    }
    attacks: dict[str, Attack] = {name: [bearer(token)] for name, token in tokens.items()}
    return attacks | {
        "repeated": [bearer(good), bearer(good)],
        "repeated in another case": [bearer(good), (b"Authorization", b"Bearer " + good)],
        "another scheme": [(b"authorization", b"Token " + good)],
        "no scheme": [(b"authorization", good)],
        "a list of schemes": [(b"authorization", b"Basic dTE6, Bearer " + good)],
        "underscores": [(b"authorization_", b"Bearer " + good)],
        "in a cookie": [cookie(good)],
        "in a header for ids": [(b"x-user-id", b"u1")],
        "the proxies' spelling": [(b"proxy-authorization", b"Bearer " + good)],
    }


def write_signed(payload: object, header: dict[str, Any] | None = None) -> bytes:
    """A token of this very payload, with the issuer's own signature: what a careless issuer might sign."""
    from jwt import get_algorithm_by_name

    raw = payload if isinstance(payload, bytes) else payload.encode() if isinstance(payload, str) else dump(payload)
    signed = encode(dump({"alg": "RS256", **(header or {})})) + b"." + encode(raw)
    return signed + b"." + encode(get_algorithm_by_name("RS256").sign(signed, private_key("RS256")))


def secret_attacks() -> dict[str, Attack]:
    """On a site whose tokens HS256 signs."""
    tokens = {
        "another secret": sign(claims(), "HS256", OTHER),
        "an empty secret": write_token('{"alg":"HS256"}', dump(claims()), b""),
        "the beginning of the secret": write_token('{"alg":"HS256"}', dump(claims()), SECRET[:32]),
        "a stronger algorithm": sign(claims(), "HS512"),
        "a key": sign(claims(), "RS256"),
        "alg none": write_token('{"alg":"none"}', dump(claims())),
        "expired": sign(claims(exp=1_000_000_000), "HS256"),
    }
    return {name: [bearer(token)] for name, token in tokens.items()}


def cookie_attacks() -> dict[str, Attack]:
    good = write_cookie(expires=FAR)
    signed, _, signature = good.rpartition(b".")
    values = {
        "unsigned": b"u1",
        "unsigned with an expiry": signed,
        "an empty signature": signed + b".",
        "signed with another secret": write_cookie(expires=FAR, key=OTHER),
        "signed with nothing": write_cookie(expires=FAR, key=b""),
        "another id": good.replace(b"u1", b"u2"),
        "another expiry": good.replace(str(FAR).encode(), str(FAR + 1).encode()),
        "expired": write_cookie(expires=1_000_000_000),
        "expired at once": write_cookie(expires=0),
        "no expiry": write_cookie(expires=""),
        "an expiry that is none": write_cookie(expires="never"),
        "an expiry with a sign": write_cookie(expires=f"+{FAR}"),
        "an expiry in other digits": write_cookie(expires="٤٠٠٠٠٠٠٠٠٠"),
        "an expiry of many digits": write_cookie(expires="9" * 1_000),
        "a fraction": write_cookie(expires=f"{FAR}.5"),
        "a truncated signature": good[:-1],
        "a padded signature": good + b"=",
        "a signature with more": good + b"A",
        "other bits at the end": good[:-1] + bytes([good[-1] ^ 1]),
        "the same id in another encoding": good.replace(b"u1", b"%751"),
        "an empty id": write_cookie("", FAR),
        "an id with a dot": write_cookie("a.b", FAR),
        "half an escape": write_cookie("u1%2", FAR),
        "an escape that is none": write_cookie("u1%zz", FAR),
        "an id that is no UTF-8": write_cookie("u1%ff", FAR),
        "an overlong id": write_cookie("%c1%b51", FAR),
        "an id with a line break": write_cookie("u1%0d%0ax", FAR),
        "an id with a NUL": write_cookie("u1%00", FAR),
        "an id that no key can be": write_cookie("u" * 512, FAR),
        "an id in quotes": b'"' + good + b'"',
        "a huge one": write_cookie("u1" + "%41" * 2_000, FAR),
        "signature first": signature + b"." + signed,
        "two of them": good + b"," + good,
    }
    attacks: dict[str, Attack] = {name: [cookie(value)] for name, value in values.items()}
    return attacks | {
        "repeated": [(b"cookie", b"session=" + good + b"; session=" + good)],
        "repeated, a bad one last": [(b"cookie", b"session=" + good + b"; session=u2")],
        "repeated headers": [cookie(good), cookie(good)],
        "another case": [(b"cookie", b"Session=" + good)],
        "the end of another name": [(b"cookie", b"xsession=" + good)],
        "within another value": [(b"cookie", b"a=session=" + good)],
        "in quotes of another": [(b"cookie", b'a="; session=' + good + b'"')],
        "in a header for ids": [(b"x-user-id", b"u1")],
        "as a token": [bearer(good)],
    }


MODES: Final[dict[str, tuple[dict[str, Any], dict[str, Attack], Attack]]] = {
    "header": (HEADER, header_attacks(), [(b"x-user-id", b"u1")]),
    "jwt": (by_keys("RS256"), token_attacks(), [bearer(sign(claims()))]),
    "jwt by secret": (BY_SECRET, secret_attacks(), [bearer(sign(claims(), "HS256"))]),
    "cookie": (COOKIE, cookie_attacks(), [cookie(write_cookie(expires=FAR))]),
}
"""`[identity]`, the attacks on it, and what u1 would send."""

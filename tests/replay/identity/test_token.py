"""Tokens that are good: which keys check them, until when, and from where they are read."""

import sys
from unittest import mock

import pytest

from edgekit.replay.identity import token
from edgekit.replay.identity.token import LEEWAY, MAX_TOKEN_BYTES
from edgekit.replay.secrets import Secrets
from tests.replay.identity.credentials import CLAIMS, NOW, SECRET, dump, private_key, public_jwk, sign, write_token
from tests.replay.identity.site import BY_SECRET, GUEST, ask, bearer, by_keys, cookie, open_site

KNOWN = b"premium u1 Ada known"
BY_KEY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


@pytest.mark.parametrize("algorithm", BY_KEY)
def test_a_token_that_a_key_signed(algorithm: str) -> None:
    assert ask(open_site(by_keys(algorithm)), bearer(sign(algorithm=algorithm))).body == KNOWN


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_token_that_a_secret_signed(algorithm: str) -> None:
    site = open_site({**BY_SECRET, "algorithms": [algorithm]})
    assert ask(site, bearer(sign(algorithm=algorithm, kid="whatever"))).body == KNOWN


def test_without_the_secret_everybody_is_a_guest() -> None:
    assert ask(open_site(BY_SECRET, Secrets()), bearer(sign(algorithm="HS256"))).body == GUEST


def test_one_of_several_algorithms() -> None:
    site = open_site(by_keys("RS256", "ES256"))
    assert [ask(site, bearer(sign(algorithm=one))).body for one in ("RS256", "ES256", "RS512")] == [KNOWN, KNOWN, GUEST]


def test_the_kid_chooses_among_keys_of_one_algorithm() -> None:
    keys = [public_jwk("RS256", number, kid=f"k{number}") for number in (1, 2)]
    site = open_site(by_keys("RS256", keys=keys))

    def shown(number: int, **header: str) -> bytes:
        return ask(site, bearer(sign(key=private_key("RS256", number), **header))).body

    assert [shown(1, kid="k1"), shown(2, kid="k2")] == [KNOWN, KNOWN]
    assert [shown(1, kid="k2"), shown(1, kid="k3"), shown(1)] == [GUEST, GUEST, GUEST]


def test_a_lone_key_with_a_kid_checks_tokens_with_this_one_or_none() -> None:
    site = open_site(by_keys("RS256", keys=[public_jwk("RS256", kid="k1")]))
    shown = [ask(site, bearer(sign(**header))).body for header in ({}, {"kid": "k1"}, {"kid": "k2"})]
    assert shown == [KNOWN, KNOWN, GUEST]


def test_a_lone_key_without_a_kid_checks_them_all() -> None:
    assert ask(open_site(by_keys("RS256")), bearer(sign(kid="k1"))).body == KNOWN


def test_a_key_that_names_its_algorithm_is_of_no_other() -> None:
    site = open_site(by_keys("RS256", "PS256", keys=[public_jwk("RS256", alg="PS256")]))
    assert [ask(site, bearer(sign(algorithm=one))).body for one in ("RS256", "PS256")] == [GUEST, KNOWN]


def test_expiry_and_begin_with_a_leeway() -> None:
    site = open_site(by_keys("RS256"))
    signed = bearer(sign({**CLAIMS, "nbf": NOW, "exp": NOW + 60}))
    moments = {NOW - LEEWAY - 1: GUEST, NOW - LEEWAY: KNOWN, NOW + 59 + LEEWAY: KNOWN, NOW + 60 + LEEWAY: GUEST}
    assert {now: ask(site, signed, now=now).body for now in moments} == moments


def test_a_token_that_is_remembered_expires_all_the_same() -> None:
    site = open_site(by_keys("RS256"))
    signed = bearer(sign())
    shown = [ask(site, signed, now=now).body for now in (NOW, NOW + 599 + LEEWAY, NOW + 600 + LEEWAY, NOW)]
    assert shown == [KNOWN, KNOWN, GUEST, KNOWN]


def test_numbers_of_seconds_may_have_fractions() -> None:
    signed = bearer(sign({**CLAIMS, "nbf": NOW - 0.5, "exp": NOW + 1.5}))
    assert ask(open_site(by_keys("RS256")), signed).body == KNOWN


def test_one_of_several_audiences() -> None:
    assert ask(open_site(by_keys("RS256")), bearer(sign({**CLAIMS, "aud": ["api", "shop"]}))).body == KNOWN


@pytest.mark.parametrize("written", [b"bearer  %s", b"BEARER %s ", b" Bearer %s\t"])
def test_a_scheme_in_any_case(written: bytes) -> None:
    assert ask(open_site(by_keys("RS256")), (b"authorization", written % sign())).body == KNOWN


def test_a_token_in_the_sites_cookie_and_nowhere_else() -> None:
    site = open_site(by_keys("RS256", cookie="session"))
    signed = sign()
    shown = [
        ask(site, *headers).body for headers in ([cookie(signed)], [bearer(signed)], [bearer(b"x"), cookie(signed)])
    ]
    assert shown == [KNOWN, GUEST, KNOWN]
    assert ask(site, (b"cookie", b"session=%s; session=%s" % (signed, signed))).body == GUEST


def test_another_claim_tells_the_id() -> None:
    site = open_site(by_keys("RS256", claims={"id": "https://shop.example/id"}))
    told = {**CLAIMS, "sub": "u9", "https://shop.example/id": "u1"}
    assert [ask(site, bearer(sign(claims))).body for claims in (told, CLAIMS)] == [KNOWN, GUEST]


def test_of_a_claim_that_stands_twice_the_last_counts() -> None:
    """RFC 7519, 4; whoever can write it has the issuer's signature."""
    twice = dump(CLAIMS).replace(b'"sub": "u1"', b'"sub": "u2", "sub": "u1"')
    assert ask(open_site(BY_SECRET), bearer(write_token('{"alg":"HS256"}', twice))).body == KNOWN


def test_the_longest_token() -> None:
    def signed(padding: int) -> bytes:
        return sign({**CLAIMS, "more": "x" * padding}, "HS256")

    padding = next(size for size in range(5_000, 7_000) if len(signed(size)) >= MAX_TOKEN_BYTES)
    site = open_site(BY_SECRET)
    assert [ask(site, bearer(signed(size))).body for size in (padding - 1, padding + 2)] == [KNOWN, GUEST]


def test_ids_are_compared_as_they_are() -> None:
    users = {"é": {"name": "composed"}, "e\u0301": {"name": "decomposed"}, "U1": {"name": "capital"}}
    site = open_site(by_keys("RS256"), users=users)
    shown = [ask(site, bearer(sign({**CLAIMS, "sub": user}))).body.split()[2] for user in ("é", "e\u0301", "U1", "u1")]
    assert shown == [b"composed", b"decomposed", b"capital", b"nobody"]


def test_a_good_token_is_checked_once_and_a_bad_one_is_not_remembered() -> None:
    site = open_site(by_keys("RS256"))
    good, bad = bearer(sign()), bearer(sign(key=private_key("RS256", 1)))
    ask(site, good)
    ask(site, bad)
    with mock.patch.object(token, "_check", return_value=None) as check:
        assert [ask(site, good).body, ask(site, bad).body] == [KNOWN, GUEST]
    assert check.call_count == 1


def test_no_more_tokens_are_remembered_than_a_bound() -> None:
    with mock.patch.object(token, "_HELD", 2):
        site = open_site(BY_SECRET)
        signed = [bearer(sign({**CLAIMS, "jti": str(number)}, "HS256")) for number in range(3)]
        for one in (*signed[:2], signed[0], signed[2]):  # the first is used again, so the second makes room
            ask(site, one)
        with mock.patch.object(token, "_check", return_value=None):
            assert [ask(site, one).body for one in signed] == [KNOWN, GUEST, KNOWN]


def test_no_token_stays_in_memory() -> None:
    site = open_site(BY_SECRET)
    ask(site, bearer(sign(algorithm="HS256")))
    with site.snapshot():
        closure = site._release.identification.identify.__closure__ or ()  # type: ignore[union-attr]
    (held,) = [cell.cell_contents for cell in closure if hasattr(cell.cell_contents, "popitem")]
    assert len(held) == 1
    assert all(len(name) == 32 for name in held)


def test_a_site_without_tokens_loads_no_cryptography() -> None:
    import subprocess

    script = "import sys, edgekit.replay.app; print('jwt' in sys.modules, 'cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False False\n"


def test_a_secret_is_not_shown() -> None:
    assert repr(Secrets(jwt=SECRET)) == "Secrets(…)"

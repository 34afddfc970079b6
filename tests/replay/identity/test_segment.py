"""Who may say which tier a request is for. What follows from it: `tests/cases/replay/segments.json`."""

from typing import Any

import pytest

from edgekit.replay.identity.proxies import PROXY_HEADER, SEGMENT_HEADER
from edgekit.replay.secrets import Secrets
from tests.replay.identity.credentials import CLAIMS, SECRET, sign, write_cookie
from tests.replay.identity.site import BY_SECRET, COOKIE, HEADER, ask, bearer, cookie, open_site

FAR = 4_000_000_000
VIP = (SEGMENT_HEADER, b"vip")
PROOF = (PROXY_HEADER, SECRET)
WITH_PROXY = Secrets(jwt=SECRET, cookie=SECRET, proxy=SECRET)
MODES = pytest.mark.parametrize("identity", [HEADER, COOKIE, BY_SECRET], ids=lambda identity: identity["mode"])


@MODES
def test_with_a_secret_only_who_sends_it_says_the_tier(identity: dict[str, Any]) -> None:
    store = open_site(identity, WITH_PROXY)
    assert ask(store, VIP, PROOF).tier == "vip"
    assert ask(store, VIP).tier == "free"
    assert ask(store, VIP, (PROXY_HEADER, SECRET[:-1])).tier == "free"
    assert ask(store, VIP, PROOF, PROOF).tier == "free"
    assert ask(store, VIP, PROOF, peer="203.0.113.9").tier == "free"


@MODES
def test_who_is_near_by_default_says_the_tier_only_where_it_says_the_user_too(identity: dict[str, Any]) -> None:
    tier = "vip" if identity is HEADER else "free"
    assert tier == ask(open_site(identity), VIP).tier


@pytest.mark.parametrize(
    ("identity", "credential"),
    [
        (COOKIE, cookie(write_cookie("u1", FAR))),
        (BY_SECRET, bearer(sign({**CLAIMS, "exp": FAR, "plan": "premium"}, "HS256"))),
    ],
    ids=["record", "claims"],
)
def test_it_counts_for_more_than_who_asks_and_changes_nothing_else(
    identity: dict[str, Any], credential: tuple[bytes, bytes]
) -> None:
    claims = {"claims": {"tier": "plan"}} if identity is BY_SECRET else {}
    store = open_site({**identity, **claims}, WITH_PROXY)
    assert ask(store, credential).body == b"premium u1 Ada known"
    assert ask(store, credential, VIP, PROOF).body == b"vip u1 Ada known"

"""Claims win over the record, and where they tell all that a page shows, the record is not looked up."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.kv.reader import MemoryStore
from edgekit.model.keys import USER_SEGMENTS
from edgekit.replay.core import respond
from edgekit.replay.given import read_given
from edgekit.replay.identity.identification import Identification
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.secrets import Secrets
from edgekit.replay.store import ReplayStore
from edgekit.replay.tail import build_event, encode_event
from tests.replay.identity.credentials import CLAIMS, NOW, SECRET, sign
from tests.replay.identity.site import BY_SECRET, SITE, ask, bearer, open_site
from tests.replay.published import publish

TOLD = {**BY_SECRET, "claims": {"tier": "plan", "name": "given_name"}}


def token(**claims: Any) -> tuple[bytes, bytes]:
    return bearer(sign({**CLAIMS, **claims}, "HS256"))


def test_claims_that_tell_everything_need_no_look_up() -> None:
    site = open_site(TOLD)
    ask(site)
    response = ask(site, token(plan="vip", given_name="Grace"))
    assert (response.body, response.reads) == (b"vip u1 Grace known", 1)


def test_nobody_needs_a_record() -> None:
    response = ask(open_site(TOLD), token(sub="u9", plan="vip", given_name="Eve"))
    assert response.body == b"vip u9 Eve known"


@pytest.mark.parametrize(
    ("claims", "body", "reads"),
    [
        ({}, b"premium u1 Ada known", 2),
        ({"plan": "vip"}, b"vip u1 Ada known", 2),
        ({"given_name": "Eve"}, b"premium u1 Eve known", 2),
        ({"plan": None, "given_name": None}, b"premium u1 Ada known", 2),
        ({"plan": "gold", "given_name": "Eve"}, b"free u1 Eve known", 1),
        ({"plan": ["vip"], "given_name": "Eve"}, b"free u1 Eve known", 1),
        ({"plan": "vip", "given_name": ""}, b"vip u1  known", 1),
        ({"plan": "vip", "given_name": 7}, b"vip u1 nobody known", 1),
        ({"plan": "vip", "given_name": "x" * 21}, b"vip u1 nobody known", 1),
        ({"plan": "vip", "given_name": {"a": [1]}}, b"vip u1 nobody known", 1),
        ({"sub": "u9"}, b"free u9 nobody unknown", 2),
        ({"sub": "u9", "given_name": "Eve"}, b"free u9 Eve known", 2),
    ],
)
def test_a_claim_wins_whatever_it_is_and_the_record_tells_the_rest(
    claims: dict[str, Any], body: bytes, reads: int
) -> None:
    site = open_site(TOLD)
    ask(site)
    response = ask(site, token(**claims))
    assert (response.body, response.reads, response.logs) == (body, reads, ())


def test_each_page_asks_for_what_it_shows() -> None:
    pages = {"/": {"vip": "{ID}"}, "/name": {"vip": "{NAME}"}, "/more": {"vip": "{NAME} {CITY}"}}
    slots = {**SITE["slots"], "CITY": {"from": "user.city", "default": "-", "max_length": 9}}
    site = open_site(
        TOLD, pages=pages, slots=slots, segments={"vip": {}}, default_tier="vip", users={"u1": {"city": "Oslo"}}
    )
    ask(site)
    headers = (token(plan="vip", given_name="Grace"),)
    answers = [respond(Request(path, NOW, headers=headers), site) for path in (b"/", b"/name", b"/more")]
    assert [(one.body, one.reads) for one in answers] == [(b"u1", 1), (b"Grace", 1), (b"Grace Oslo", 2)]


def test_a_list_is_a_claim_too() -> None:
    slots = {"RECS": {"from": "user.recs", "island": "card", "max_items": 2, "default": "none"}}
    islands = {"card": {"items": {"a": "A", "b": "B"}}, "none": {"tiers": "none"}}
    site = open_site(
        {**BY_SECRET, "claims": {"tier": "plan", "recs": "recs"}},
        slots=slots,
        islands=islands,
        segments={"vip": {}},
        default_tier="vip",
        pages={"/": {"vip": "{RECS}"}},
        users={"u1": {"recs": ["a"]}},
    )
    told = ({}, {"plan": "vip"}, {"plan": "vip", "recs": ["b", "a"]}, {"plan": "vip", "recs": "a"})
    assert [ask(site, token(**claims)).body for claims in told] == [b"A", b"A", b"BA", b"none"]


def test_a_record_that_cannot_be_read_leaves_the_claims() -> None:
    site = open_site(TOLD, users={"u1": "{"})
    response = ask(site, token(given_name="Eve"))
    assert response.body == b"free u1 Eve known"
    (log,) = response.logs
    assert log.message == "USER_SEGMENTS holds a damaged record; answered as if there were no record"


def test_a_deleted_user_is_a_guest_with_an_id_at_once() -> None:
    namespaces = publish({**SITE, "identity": BY_SECRET})
    site = ReplayStore(MemoryStore(namespaces), identify=lambda read: Identification(read, Secrets(jwt=SECRET)))
    assert ask(site, token()).body == b"premium u1 Ada known"
    del namespaces[USER_SEGMENTS]["u1"]
    assert ask(site, token()).body == b"free u1 nobody unknown"


def test_claims_hold_until_the_token_expires_whatever_became_of_the_record() -> None:
    site = open_site(TOLD, users={})
    header = token(plan="vip", given_name="Ada")
    assert [ask(site, header, now=now).body for now in (NOW, NOW + 630)] == [
        b"vip u1 Ada known",
        b"free guest nobody unknown",
    ]


ODD = st.one_of(st.text(max_size=30), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
VALUES = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner), max_leaves=5
)


@given(st.dictionaries(st.sampled_from(["plan", "given_name", "other", "sub"]), VALUES), st.booleans())
def test_any_claims_are_answered_and_the_oracle_is_given_the_same(claims: dict[str, Any], has_record: bool) -> None:
    site = open_site(TOLD, users={"u1": {"tier": "premium", "name": "Ada"}} if has_record else {})
    request = Request(b"/", NOW, headers=(token(**claims),))
    response = respond(request, site)
    told = read_given(request, site)
    assert response.status == 200
    assert response.tier == told.tier
    known = "known" if told.values["KNOWN"] else "unknown"
    values = [str(told.values[name]) for name in ("ID", "NAME")]
    for raw, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")):
        values = [value.replace(raw, safe) for value in values]
    assert response.body.decode() == f"{told.tier} {values[0]} {values[1]} {known}"


SECRETIVE = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=6, max_size=12)


@given(SECRETIVE, SECRETIVE, SECRETIVE, st.sampled_from(["damaged", "missing", "record", "no store"]))
def test_no_event_holds_what_a_credential_or_a_record_says(user_id: str, name: str, other: str, fault: str) -> None:
    """Names and ids that no event of ours would say by itself."""
    user_id, name, other = (f"Ŝ{text}" for text in (user_id, name, other))
    record: Any = {"damaged": f'{{"name": "{other}"', "record": {"name": other, "tier": other}}.get(fault)
    namespaces = publish({**SITE, "identity": TOLD, "users": {} if record is None else {user_id: record}})
    site = ReplayStore(MemoryStore(namespaces), identify=lambda read: Identification(read, Secrets(jwt=SECRET)))
    request = Request(b"/", NOW, query=name.encode(), headers=(token(sub=user_id, given_name=name, plan=other),))
    respond(request, site)
    if fault == "no store":
        namespaces[USER_SEGMENTS] = None  # type: ignore[assignment]
    asking = Request(b"/", NOW, query=name.encode(), headers=(token(sub=user_id, given_name=name),))
    response: Response = respond(asking, site)
    assert response.status == 200
    event = encode_event(build_event(asking, response)).decode()
    assert not [text for text in (user_id, name, other) if text in event]
    assert bool(response.logs) == (fault in ("damaged", "no store"))

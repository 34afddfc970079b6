"""What holds for every request."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edgekit.fragment.encodings import ENCODERS
from edgekit.fragment.record import decode_record
from edgekit.fragment.values import accept, format_value
from edgekit.kv.reader import MemoryStore
from edgekit.model.expiry import seal
from edgekit.model.keys import SEGMENT_CONFIG
from edgekit.model.placeholder import Encoding
from edgekit.replay.core import respond
from edgekit.replay.given import read_given
from edgekit.replay.identity.identified import Identified
from edgekit.replay.request import Request
from edgekit.replay.store import ReplayStore
from edgekit.replay.tail import build_event, encode_event
from edgekit.replay.user import Users
from tests.fragment.grammar import interpret
from tests.replay.published import declare_slots, open_published, publish

SLOTS = {
    "A": {"from": "user.a", "default": "a's", "max_length": 5},
    "AGE": {"from": "user.age", "type": "integer", "default": 7},
    "ID": {"from": "user.id", "default": "nobody", "max_length": 9},
    "STATE": {"from": "user.state", "default": "guest", "choices": ["guest", "member", "", "\u0142 1"]},
    "KNOWN": {"from": "user.known", "choices": ["true", "false"]},
    "HERO": {"from": "segment.hero", "max_length": 9},
    "PLAN": {"from": "segment.plan", "choices": ["small", "large"]},
    "ARM": {"from": "request.cookie.arm", "default": "a", "choices": ["a", "b"]},
    "RATE": {"from": "segment.rate", "type": "integer"},
    "Q": {"from": "request.query.q", "default": "q", "max_length": 9},
    "PAGE": {"from": "request.query.page", "type": "integer", "default": 1},
    "C": {"from": "request.cookie.c", "default": "c", "max_length": 9},
    "H": {"from": "request.header.h", "default": "h", "max_length": 9},
    "HOST": {"from": "request.host", "default": "host", "max_length": 9},
    "PATH": {"from": "request.path", "default": "path", "max_length": 9},
}
FRAGMENT = (
    "{Q}{_}A}{A}{AGE}|"
    + "".join(f"{{{name}:{encoding}}}|" for name in SLOTS for encoding in ENCODERS if encoding)
    + "{?KNOWN=true}{A}, {?STATE=guest}{Q}{?STATE=member}{AGE}{?STATE=}{?STATE=%C5%82%201}{A:url}{/STATE}"
    + "{?KNOWN=false}nobody{/KNOWN}{?PLAN=small}-{?PLAN=large}+{HERO}{/PLAN}{?ARM=a}{_}A}{?ARM=b}{C}{/ARM}"
)
SITE = {
    "slots": SLOTS,
    "segments": {
        "free": {"hero": "<free>", "rate": 1, "plan": "small"},
        "vip": {"hero": "<vip>", "rate": 2, "plan": "large"},
    },
    "config": {"vip": {"hero": "liv'e", "rate": 3.0, "plan": "huge"}},
    "pages": {
        "/": {"free": "free" + FRAGMENT, "vip": "vip" + FRAGMENT},
        "/static-page": "static",
        "404": {"free": "404 {PATH}", "vip": "404 {PATH}"},
    },
    "assets": {"/static/a.css": "a{}"},
}

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
records = st.dictionaries(
    st.sampled_from(["tier", "a", "age", "id", "state", "known", "x"]),
    leaves
    | st.sampled_from(["vip", "free", "member", "", "\u0142 1", "\0", "six...", "{A}", "5", "5.0"])
    | st.lists(leaves, max_size=2),
)
odd_bytes = st.lists(
    st.sampled_from(
        [
            b"/",
            b"..",
            b".",
            b"%2f",
            b"%00",
            b"%",
            b"q=",
            b"&",
            b";",
            b"c=",
            b"arm=b;",
            b"+",
            b"static/",
            b"\xff",
            b"{A}",
        ]
    )
    | st.binary(max_size=4)
).map(b"".join)
headers = st.lists(
    st.tuples(
        st.sampled_from([b"x-user-id", b"x_user_id", b"cookie", b"host", b"h", b"if-none-match"])
        | st.binary(max_size=4),
        st.sampled_from([b"u1", b"*", b""]) | odd_bytes,
    ),
    max_size=5,
).map(tuple)
requests = st.builds(
    Request,
    path=st.sampled_from([b"/", b"/static-page", b"/static/a.css", b"/x"])
    | odd_bytes
    | odd_bytes.map(lambda b: b"/" + b),
    now=st.floats(0, 4e9),
    method=st.sampled_from(["GET", "HEAD", "POST", ""]),
    query=odd_bytes,
    headers=headers,
    peer=st.sampled_from(["127.0.0.1", "8.8.8.8", "", "x"]),
)


def write_json(record: dict[str, Any]) -> str:
    return json.dumps(record).replace("Infinity", "1e999")


@given(requests, records.map(write_json) | st.text())
def test_nothing_is_raised_and_every_answer_is_whole(request: Request, record: str) -> None:
    response = respond(request, open_published({**SITE, "users": {"u1": record}}))
    assert response.status in {200, 304, 308, 400, 404, 405, 414}
    assert response.outcome == "ok"
    names = [name for name, _ in response.headers]
    assert len(set(names)) == len(names)
    assert not any(set(name + value) & set(b"\r\n\0") for name, value in response.headers)
    if request.method != "HEAD" and response.status != 304:
        assert (b"content-length", str(len(response.body)).encode()) in response.headers
    encode_event(build_event(request, response))


@given(requests, records.map(write_json))
def test_the_page_is_the_fragment_with_the_given_values(request: Request, record: str) -> None:
    store = open_published({**SITE, "users": {"u1": record}})
    request = Request(b"/", request.now, "GET", request.query, request.headers, request.peer)
    seen = read_given(request, store)

    texts = {name: format_value(value) for name, value in seen.values.items()}

    def write(name: str, encoding: Encoding) -> str:
        return texts[name] if SLOTS[name].get("type") == "integer" else ENCODERS[encoding](texts[name])

    assert interpret(seen.tier + FRAGMENT, write, texts).encode() == respond(request, store).body


@given(records.map(write_json).map(str.encode) | st.binary(), st.text(max_size=10))
def test_one_decoder_finds_what_reading_slot_by_slot_finds(raw: bytes, user_id: str) -> None:
    slots = declare_slots(SLOTS)
    users = Users(slots.values())
    try:
        record = decode_record(raw)
    except ValueError:
        record = None
    try:
        user = users.decode(raw, Identified(user_id))
    except ValueError:
        user = None
    assert (record is None) == (user is None)
    if record is None:
        return
    tier = record.get("tier")
    assert (tier if isinstance(tier, str) else None) == user.tier
    assert user.KNOWN is True
    for name in ("A", "AGE", "ID", "STATE"):
        value = accept(slots[name], user_id if name == "ID" else record.get(slots[name].field))
        assert (slots[name].default if value is None else value) == getattr(user, name)
        assert type(getattr(user, name)) is (int if name == "AGE" else str)


def test_an_answer_changes_nothing_for_the_next() -> None:
    store = open_published({**SITE, "users": {"u1": {"tier": "vip", "a": "Ada", "age": 3}}})
    guest = Request(b"/", 1.0)
    known = Request(b"/", 1.0, headers=((b"x-user-id", b"u1"),), peer="127.0.0.1")
    first = respond(guest, store).body
    assert b"Ada" in respond(known, store).body
    assert first == respond(guest, store).body


def test_a_live_edit_is_seen_at_the_next_request() -> None:
    site = {
        **SITE,
        "pages": {"/": {"free": "{HERO} {RATE}{?PLAN=small}.{?PLAN=large}!{/PLAN}", "vip": ""}},
        "delivery": {"/": "segment"},
    }
    namespaces = publish(site)
    store = ReplayStore(MemoryStore(namespaces))
    first = respond(Request(b"/", 1.0), store)
    namespaces[SEGMENT_CONFIG]["free"] = seal(b'{"hero":"edited","rate":true,"plan":"large"}')
    edited = respond(Request(b"/", 1.0), store)
    assert (first.body, edited.body) == (b"&lt;free&gt; 1.", b"edited 1!")
    assert dict(first.headers)[b"etag"] != dict(edited.headers)[b"etag"]

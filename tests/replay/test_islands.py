"""Pages with islands and lists, as whoever asks sees them."""

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from edgekit.kv.reader import MemoryStore
from edgekit.model.digest import digest
from edgekit.model.expiry import seal
from edgekit.model.island import NAME, format_mark
from edgekit.model.keys import SEGMENT_CONFIG
from edgekit.replay.core import respond
from edgekit.replay.given import read_given
from edgekit.replay.identity.identified import Identified
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore
from edgekit.replay.user import Users
from tests.replay.asking import ask
from tests.replay.published import declare_slots, open_published, publish

SLOTS = {
    "NAME": {"from": "user.name", "default": "there", "max_length": 20},
    "STATE": {"from": "user.state", "default": "guest", "choices": ["guest", "member"]},
    "Q": {"from": "request.query.q", "default": "q", "max_length": 9},
    "HERO": {"from": "segment.hero", "max_length": 9},
    "RECS": {"from": "user.recs", "island": "card", "max_items": 2, "default": "empty"},
    "SEEN": {"from": "user.seen", "island": "card", "max_items": 4, "default": "empty"},
}
KEYS = [f"k{number}" for number in range(6)]


# A page and its islands as pieces, written as a fragment and, without one, as what a visitor sees.


class Text(NamedTuple):
    text: str


class Printed(NamedTuple):
    slot: str


class Marked(NamedTuple):
    island: str


class Chosen(NamedTuple):
    guest: list[Any]
    member: list[Any]


def write(pieces: list[Any]) -> str:
    written = ""
    for piece in pieces:
        match piece:
            case Text(text):
                written += text.replace("{_}", "{_}_}")
            case Printed(slot):
                written += f"{{{slot}}}"
            case Marked(island):
                written += format_mark(island)
            case Chosen(guest, member):
                written += f"{{?STATE=guest}}{write(guest)}{{?STATE=member}}{write(member)}{{/STATE}}"
    return written


def see(pieces: list[Any], values: dict[str, Any], islands: dict[str, list[Any]]) -> str:
    seen = ""
    for piece in pieces:
        match piece:
            case Text(text):
                seen += text
            case Printed("RECS" | "SEEN" as slot):
                limit = SLOTS[slot]["max_items"]
                assert isinstance(limit, int)
                shown = [key for key in values[slot][: 4 * limit] if isinstance(key, str) and f"card/{key}" in islands]
                items = [islands[f"card/{key}"] for key in shown[:limit]] or [islands["empty"]]
                seen += "".join(see(item, values, islands) for item in items)
            case Printed(slot):
                seen += str(escape(values[slot]))
            case Marked(island):
                seen += see(islands[island], values, islands)
            case Chosen(guest, member):
                seen += see(member if values["STATE"] == "member" else guest, values, islands)
    return seen


texts = st.sampled_from(["a", "<p>", "{", "}", "{_}", "<!--INJECT", "-->", "<!-- INJECT:one -->", "é", "\0"]).map(Text)
values = texts | st.sampled_from(["NAME", "Q", "HERO"]).map(Printed)
lists = values | st.sampled_from(["RECS", "SEEN"]).map(Printed)
marks = lists | st.sampled_from(["one", "two"]).map(Marked)


def bodies(pieces: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    some = st.lists(pieces, max_size=4)
    return st.lists(pieces | st.builds(Chosen, some, some), max_size=4)


islands = st.fixed_dictionaries(
    {"one": bodies(lists), "two": bodies(lists), "empty": bodies(values)},
    optional={f"card/{key}": bodies(values) for key in KEYS},
)
odd_values = st.none() | st.booleans() | st.integers() | st.just("..") | st.just("x/y") | st.lists(st.just("k1"))
records = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Ada", "<b>", "{RECS}", "<!--INJECT:one-->", "{_}"]),
        "state": st.sampled_from(["guest", "member"]),
        "recs": st.lists(st.sampled_from([*KEYS, "k9"]) | odd_values, max_size=12),
        "seen": st.lists(st.sampled_from(KEYS) | odd_values, max_size=18),
    }
)


@given(bodies(marks), islands, records, st.booleans())
def test_an_answer_is_its_pieces(
    page: list[Any], islands: dict[str, list[Any]], record: dict[str, Any], is_shell: bool
) -> None:
    if is_shell:
        page = [piece for piece in page if isinstance(piece, Text | Marked)]
    fragment = "".join(piece.text if is_shell and isinstance(piece, Text) else write([piece]) for piece in page)
    described = {
        "slots": SLOTS,
        "segments": {"free": {"hero": "<hero>"}},
        "pages": {"/": fragment if is_shell else {"free": fragment}},
        "delivery": {"/": "user"},
        "islands": {
            "card": {"items": {key[5:]: write(body) for key, body in islands.items() if key.startswith("card/")}},
            **{key: {"tiers": write(body)} for key, body in islands.items() if "/" not in key},
        },
        "users": {"u1": record},
    }
    store = open_published(described)
    seen = {"NAME": record["name"], "STATE": record["state"], "RECS": record["recs"], "SEEN": record["seen"]}
    expected = see(page, {**seen, "HERO": "<hero>", "Q": "&"}, islands)
    response = ask(store, query="q=%26")
    assert (200, expected, ()) == (response.status, response.body.decode(), response.logs)
    assert response.body == ask(store, query="q=%26").body


@given(records, st.sets(st.sampled_from(KEYS)))
def test_the_oracle_is_given_the_keys_that_are_shown(record: dict[str, Any], there: set[str]) -> None:
    described = {
        "slots": SLOTS,
        "segments": {"free": {"hero": "x"}},
        "islands": {"card": {"items": {key: f"[{key}]" for key in there}}, "empty": {"tiers": ""}},
        "pages": {"/": {"free": "{RECS}|{SEEN}"}},
        "users": {"u1": record},
    }
    store = open_published(described)
    given = read_given(Request(b"/", 1.0, headers=((b"x-user-id", b"u1"),), peer="127.0.0.1"), store)
    shown = ("".join(f"[{key}]" for key in given.values[slot]) for slot in ("RECS", "SEEN"))  # type: ignore[union-attr]
    assert "|".join(shown).encode() == ask(store).body
    guest = read_given(Request(b"/", 1.0), store)
    assert (guest.values["RECS"], guest.values["SEEN"]) == ((), ())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["a", "k1", "\ud800"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, st.sampled_from(["Ada", "\ud800", 5, "a name that is too long"]))
def test_whatever_a_list_holds_spoils_nothing_else(recs: object, name: object) -> None:
    users = Users(declare_slots(SLOTS).values())
    text = json.dumps({"name": name, "recs": recs, "tier": "vip", "state": "member"})
    if "NaN" in text:
        return
    text = text.replace("Infinity", "1e999")
    user = users.decode(text.encode(), Identified("u1"))
    assert (user.NAME, user.tier, user.STATE) == ("Ada" if name == "Ada" else "there", "vip", "member")


@pytest.mark.parametrize("size", [0, 1, 4, 100, 100_000])
def test_a_list_of_any_length_is_read_as_far_as_it_counts(size: int) -> None:
    keys = [f"i{number}" for number in range(size)]
    described = {
        "slots": {"ALL": {"from": "user.all", "island": "card", "max_items": 100, "default": "empty"}},
        "islands": {
            "card": {"items": {key: f"<{key}>" for key in keys[:200]}},
            "empty": {"tiers": "nothing"},
        },
        "pages": {"/": {"free": "{ALL}"}},
        "users": {"u1": {"all": keys}, "u2": {"all": ["x"] * 399 + keys[:1]}, "u3": {"all": ["x"] * 400 + keys[:1]}},
    }
    store = open_published(described)
    assert ("".join(f"<{key}>" for key in keys[:100]) or "nothing") == ask(store).body.decode()
    assert ask(store).reads == 2 + min(size, 100) + (size == 0)
    late = ask(store, user="u2")
    assert (late.body, late.reads) == ((b"<i0>", 402) if size else (b"nothing", 402))
    assert (ask(store, user="u3").body, ask(store, user="u3").reads) == (b"nothing", 403)


@given(st.text(max_size=5) | st.sampled_from(["a/b", "..", ".", "a:vip", "k1", "k1\n", "~"]))
def test_a_key_names_an_item_or_nothing(key: str) -> None:
    described = {
        "slots": SLOTS,
        "segments": {"free": {"hero": ""}, "vip": {"hero": ""}},
        "islands": {"card": {"items": {"k1": "[k1]"}}, "empty": {"tiers": "nothing"}, "secret": {"tiers": "secret"}},
        "pages": {"/": {"free": "{RECS}", "vip": ""}},
        "users": {"u1": {"recs": [key]}},
    }
    response = ask(open_published(described))
    found, tried = key == "k1", bool(NAME.fullmatch(key))
    assert response.body == (b"[k1]" if found else b"nothing")
    assert response.reads == 2 + tried + (not found)


SHARED = {
    "slots": SLOTS,
    "segments": {"free": {"hero": "f"}, "vip": {"hero": "v"}},
    "islands": {
        "banner": {"delivery": "static", "tiers": "banner"},
        "tier": {"delivery": "segment", "tiers": {"free": "free {HERO}", "vip": "vip {HERO}"}},
        "hello": {"tiers": {"free": "{NAME} {Q}", "vip": "{NAME} {Q}"}},
    },
    "pages": {
        "/static": "1 <!--INJECT:banner-->",
        "/segment": "2 <!--INJECT:banner--><!--INJECT:tier-->",
        "/wrong": "3 <!--INJECT:hello-->",
    },
    "delivery": {"/segment": "segment"},
    "users": {"ada": {"name": "Ada"}, "bo": {"name": "Bo"}, "vi": {"name": "Vi", "tier": "vip"}},
}


def etag(response: Response) -> bytes:
    return dict(response.headers)[b"etag"]


def test_a_shared_class_holds_nobodys_bytes() -> None:
    store = open_published(SHARED)
    assert {b"1 banner"} == {ask(store, "/static", user).body for user in (None, "ada", "bo", "vi")}
    assert {b"2 bannerfree f"} == {ask(store, "/segment", user).body for user in (None, "ada", "bo")}
    assert ask(store, "/segment", "vi").body == b"2 bannervip v"


def test_what_is_said_to_be_static_is_made_for_nobody_even_if_that_is_wrong() -> None:
    assert ask(open_published(SHARED), "/wrong", "ada", "q=mine").body == b"3 there mine"


def test_an_etag_is_that_of_the_composed_bytes_of_tier_and_live_fields() -> None:
    namespaces = publish(SHARED)
    store = ReplayStore(MemoryStore(namespaces))
    responses = [ask(store, "/segment", user) for user in ("ada", "vi", "bo", "vi")]
    namespaces[SEGMENT_CONFIG]["free"] = seal(b'{"hero":"new"}')
    responses.append(ask(store, "/segment", "ada"))
    assert [response.body for response in responses] == [
        b"2 bannerfree f", b"2 bannervip v", b"2 bannerfree f", b"2 bannervip v", b"2 bannerfree new",
    ]  # fmt: skip
    for response in responses:
        assert etag(response) == f'"{digest(response.body).hex()}"'.encode()


def test_what_a_client_holds_is_not_sent_again() -> None:
    store = open_published(SHARED)
    tag = etag(ask(store, "/segment"))
    request = Request(b"/segment", 1.0, headers=((b"if-none-match", tag), (b"x-user-id", b"vi")), peer="127.0.0.1")
    assert respond(Request(b"/segment", 1.0, headers=((b"if-none-match", tag),)), store).status == 304
    assert respond(request, store).status == 200

"""Faults at an island's or an item's read, and what the client still gets."""

import pytest

from edgekit.kv.reader import MemoryStore
from edgekit.model.digest import digest
from edgekit.model.expiry import seal
from edgekit.model.keys import (
    EDGEKIT,
    PAGE_TPL,
    SEGMENT_CONFIG,
    STATIC_PAGES,
    USER_SEGMENTS,
    VALUES,
    Namespace,
    cuts_key,
)
from edgekit.replay.store import ReplayStore
from tests.replay.published import publish
from tests.replay.test_faults import FaultyStore, ask

SITE = {
    "slots": {
        "NAME": {"from": "user.name", "default": "there", "max_length": 20},
        "HERO": {"from": "segment.hero", "max_length": 20},
        "RECS": {"from": "user.recs", "island": "card", "max_items": 3, "default": "empty"},
    },
    "segments": {"free": {"hero": "file free"}, "vip": {"hero": "file vip"}},
    "config": {"vip": {"hero": "live vip"}, "free": {"hero": "live free"}},
    "islands": {
        "hello": {"client": True, "tiers": "hello {NAME} {HERO}"},
        "recs": {"client": True, "tiers": "{RECS}"},
        "empty": {"tiers": {"free": "nothing", "vip": "NOTHING"}},
        "card": {"items": {"secret-a": "[a {NAME}]", "secret-b": "[b]"}},
    },
    "pages": {
        "/": "<!--INJECT:hello-->|<!--INJECT:recs-->",
        "404": "404 <!--INJECT:hello--><!--INJECT:recs-->",
        "503": "<h1>later</h1>",
    },
    "delivery": {"/": "user", "404": "user"},
    "users": {"u1": {"tier": "vip", "name": "Ada", "recs": ["secret-a", "secret-b"]}},
}
WHOLE = b"hello Ada live vip|[a Ada][b]"
GUEST = b"hello there live free|nothing"
LATER = (503, b"<h1>later</h1>", "exception")


@pytest.fixture
def faulty() -> FaultyStore:
    return FaultyStore(publish(SITE))


@pytest.fixture
def cold(faulty: FaultyStore) -> ReplayStore:
    """The release is known, and its error pages; no page was asked for yet."""
    store = ReplayStore(faulty)
    assert ask(store, "/nowhere", None).body == b"404 hello there live freenothing"
    return store


@pytest.fixture
def warm(cold: ReplayStore) -> ReplayStore:
    assert (ask(cold).body, ask(cold, user=None).body) == (WHOLE, GUEST)
    return cold


def break_entry(store: FaultyStore, key: str, fault: str) -> None:
    """An entry of PAGE_TPL, or what it leads to."""
    name = store.stored[PAGE_TPL][key][8:]
    match fault:
        case "missing":
            del store.stored[PAGE_TPL][key]
        case "damaged":
            store.stored[PAGE_TPL][key] = seal(b"x" * 16)
        case "truncated":
            store.stored[PAGE_TPL][key] = b"\0\0"
        case "body flipped":
            body = store.stored[VALUES][name]
            store.stored[VALUES][name] = bytes([body[0] ^ 1]) + body[1:]
        case "cuts missing":
            del store.stored[EDGEKIT][cuts_key(name.hex())]
        case _:
            store.failures[PAGE_TPL] = float("inf")


FAULTS = ["missing", "damaged", "truncated", "failing"]
KEYS = ["island/hello:vip", "island/recs:vip", "island/card/secret-b:vip"]


@pytest.mark.parametrize("namespace", [PAGE_TPL, STATIC_PAGES, USER_SEGMENTS, SEGMENT_CONFIG, VALUES, EDGEKIT])
@pytest.mark.parametrize("times", [1, 2])
def test_a_read_that_fails_twice_is_tried_again(
    faulty: FaultyStore, cold: ReplayStore, namespace: Namespace, times: int
) -> None:
    faulty.failures[namespace] = times
    assert (ask(cold).body, ask(cold).logs) == (WHOLE, ())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_last_good_copy_of_an_island_or_item_answers(
    faulty: FaultyStore, warm: ReplayStore, key: str, fault: str
) -> None:
    break_entry(faulty, key, fault)
    response = ask(warm)
    assert (response.status, response.body, response.outcome) == (200, WHOLE, "ok")
    assert response.logs


@pytest.mark.parametrize("fault", ["damaged", "truncated", "failing", "body flipped", "cuts missing"])
def test_an_item_that_cannot_be_read_is_the_503_page(faulty: FaultyStore, cold: ReplayStore, fault: str) -> None:
    break_entry(faulty, "island/card/secret-b:vip", fault)
    response = ask(cold)
    assert (response.status, response.body, response.outcome) == LATER


def test_an_item_that_is_not_there_is_skipped(faulty: FaultyStore, cold: ReplayStore) -> None:
    break_entry(faulty, "island/card/secret-b:vip", "missing")
    assert (ask(cold).body, ask(cold).logs) == (b"hello Ada live vip|[a Ada]", ())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("fault", FAULTS)
def test_no_event_names_an_item_of_somebodys(faulty: FaultyStore, warm: ReplayStore, key: str, fault: str) -> None:
    break_entry(faulty, key, fault)
    assert not [log for log in ask(warm).logs if "secret" in log.message or "u1" in log.message]


@pytest.mark.parametrize("fault", FAULTS)
def test_an_island_of_a_page_that_is_no_error_page_is_503_until_it_was_read(fault: str) -> None:
    faulty = FaultyStore(publish({**SITE, "pages": {"/": "<!--INJECT:hello-->", "503": "<h1>later</h1>"}}))
    store = ReplayStore(faulty)
    ask(store, "/nowhere")
    break_entry(faulty, "island/hello:vip", fault)
    assert (ask(store).status, ask(store).body, ask(store).outcome) == LATER
    assert LATER[:2] == (ask(store, "/_edgekit/island/hello").status, ask(store, "/_edgekit/island/hello").body)


def test_an_error_page_and_its_islands_are_held_from_the_start(faulty: FaultyStore, cold: ReplayStore) -> None:
    faulty.failures = dict.fromkeys((PAGE_TPL, STATIC_PAGES, VALUES, USER_SEGMENTS), float("inf"))
    response = ask(cold, "/nowhere")
    assert (response.status, response.body) == (404, b"404 hello there live freenothing")


def test_a_store_that_cannot_be_opened_is_answered_from_memory(faulty: FaultyStore, warm: ReplayStore) -> None:
    faulty.failures["snapshot"] = float("inf")
    assert (ask(warm).status, ask(warm).body) == (200, GUEST)
    assert (ask(warm, "/nowhere").status, ask(warm, "/nowhere").body) == (404, b"404 hello there live freenothing")
    assert (ask(warm, "/_edgekit/island/recs").status, ask(warm, "/_edgekit/island/recs").body) == (200, b"nothing")


@pytest.mark.parametrize("record", [None, b"\0\0", seal(b'{"recs":["secret-a"]', 0), seal(b'{"tier":"vip"}', 1)])
def test_without_a_record_the_list_is_empty(faulty: FaultyStore, warm: ReplayStore, record: bytes | None) -> None:
    if record is None:
        del faulty.stored[USER_SEGMENTS]["u1"]
    else:
        faulty.stored[USER_SEGMENTS]["u1"] = record
    assert (ask(warm).status, ask(warm).body) == (200, GUEST)


def test_without_a_configuration_islands_have_the_last_good_copy(faulty: FaultyStore, warm: ReplayStore) -> None:
    faulty.failures[SEGMENT_CONFIG] = float("inf")
    response = ask(warm)
    assert (response.body, len(response.logs)) == (WHOLE, 1)


def test_a_503_page_with_a_mark_is_not_shown_in_parts() -> None:
    store = ReplayStore(FaultyStore(publish({**SITE, "pages": {"/": "<!--INJECT:x-->", "503": "<!--INJECT:hello-->"}})))
    assert (ask(store).status, ask(store).body) == (503, b"This page is not available now.\n")


def test_an_island_inside_itself_is_503_and_stops_nothing_else() -> None:
    pages = {"/": "<!--INJECT:a-->", "404": "<!--INJECT:a-->", "/fine": "fine"}
    site = {"islands": {"a": {"tiers": "a<!--INJECT:a-->"}}, "pages": pages, "delivery": {"/": "user", "404": "user"}}
    store = ReplayStore(MemoryStore(publish(site)))
    assert [ask(store, path).status for path in ("/", "/nowhere", "/fine")] == [503, 503, 200]


def test_composed_answers_are_held_within_the_memory() -> None:
    pages = {f"/p{number}": f"{number:400}<!--INJECT:tier-->" for number in range(50)}
    site = {
        "segments": {"free": {}},
        "islands": {"tier": {"delivery": "segment", "tiers": "t" * 400}},
        "pages": pages,
        "delivery": dict.fromkeys(pages, "segment"),
    }
    faulty = FaultyStore(publish(site))
    store = ReplayStore(faulty, held_bytes=20_000)
    for path in [*pages, *pages]:
        response = ask(store, path)
        assert (f'"{digest(response.body).hex()}"').encode() == dict(response.headers)[b"etag"]
    faulty.failures[VALUES] = float("inf")
    held = [path for path in pages if ask(store, path).status == 200]
    assert list(pages)[-len(held) :] == held
    assert 4 <= len(held) <= 10

"""Faults on purpose: every look-up missing, expired, damaged or failing, and what the client still gets."""

import gc
from collections.abc import Callable

import pytest

from edgekit.kv.reader import MemoryStore
from edgekit.model.digest import digest
from edgekit.model.expiry import seal
from edgekit.model.keys import (
    ASSETS,
    CURRENT,
    EDGEKIT,
    PAGE_TPL,
    SEGMENT_CONFIG,
    STATIC_PAGES,
    USER_SEGMENTS,
    VALUES,
    Namespace,
    manifest_key,
)  # fmt: skip
from edgekit.replay.store import ReplayStore
from tests.replay.asking import NOW, ask
from tests.replay.faulty import FaultyStore
from tests.replay.published import publish

SITE = {
    "slots": {
        "NAME": {"from": "user.name", "default": "there", "max_length": 20},
        "HERO": {"from": "segment.hero", "max_length": 20},
    },
    "segments": {"free": {"hero": "file free"}, "vip": {"hero": "file vip"}},
    "config": {"vip": {"hero": "live vip"}, "free": {"hero": "live free"}},
    "pages": {
        "/": {"free": "free {NAME} {HERO}", "vip": "vip {NAME} {HERO}"},
        "/about": "about",
        "404": {"free": "404 free {NAME}", "vip": "404 vip {NAME}"},
        "503": "<h1>later</h1>",
    },
    "assets": {"/static/a.css": "a{}"},
    "users": {"u1": {"tier": "vip", "name": "Ada"}},
}


@pytest.fixture
def faulty() -> FaultyStore:
    return FaultyStore(publish(SITE))


@pytest.fixture
def cold(faulty: FaultyStore) -> ReplayStore:
    """The release is known, no page was asked for yet."""
    store = ReplayStore(faulty)
    ask(store, "/nowhere", None)
    return store


@pytest.fixture
def warm(cold: ReplayStore) -> ReplayStore:
    """Every page was asked for."""
    assert ask(cold).body == b"vip Ada live vip"
    assert ask(cold, user=None).body == b"free there live free"
    assert ask(cold, "/about").body == b"about"
    assert ask(cold, "/static/a.css").body == b"a{}"
    return cold


@pytest.mark.parametrize("namespace", [USER_SEGMENTS, PAGE_TPL, SEGMENT_CONFIG, VALUES, EDGEKIT])
@pytest.mark.parametrize("times", [1, 2])
def test_a_read_that_fails_twice_is_tried_again(
    faulty: FaultyStore, cold: ReplayStore, namespace: Namespace, times: int
) -> None:
    faulty.failures[namespace] = times
    response = ask(cold)
    assert (response.status, response.body, response.logs) == (200, b"vip Ada live vip", ())


def break_value(namespace: Namespace, key: str, value: bytes | None) -> Callable[[FaultyStore], None]:
    def break_it(store: FaultyStore) -> None:
        if value is None:
            del store.stored[namespace][key]
        else:
            store.stored[namespace][key] = value

    return break_it


def fail_always(namespace: Namespace) -> Callable[[FaultyStore], None]:
    def break_it(store: FaultyStore) -> None:
        store.failures[namespace] = float("inf")

    return break_it


USER_FAULTS = {
    "missing": (break_value(USER_SEGMENTS, "u1", None), False),
    "expired": (break_value(USER_SEGMENTS, "u1", seal(b'{"tier":"vip"}', NOW)), False),
    "damaged": (break_value(USER_SEGMENTS, "u1", seal(b'{"tier":"vip"')), True),
    "truncated": (break_value(USER_SEGMENTS, "u1", b"\0\0"), True),
    "failing": (fail_always(USER_SEGMENTS), True),
}
CONFIG_FAULTS = {
    "missing": (break_value(SEGMENT_CONFIG, "vip", None), "live vip"),
    "expired": (break_value(SEGMENT_CONFIG, "vip", seal(b'{"hero":"old"}', NOW)), "old"),
    "damaged": (break_value(SEGMENT_CONFIG, "vip", seal(b'{"hero":')), "live vip"),
    "truncated": (break_value(SEGMENT_CONFIG, "vip", b"\0"), "live vip"),
    "failing": (fail_always(SEGMENT_CONFIG), "live vip"),
}
PAGE_FAULTS = {
    "missing": break_value(PAGE_TPL, "/:vip", None),
    "damaged": break_value(PAGE_TPL, "/:vip", seal(b"x" * 16)),
    "truncated": break_value(PAGE_TPL, "/:vip", b"\0\0"),
    "short": break_value(PAGE_TPL, "/:vip", seal(b"x")),
    "failing": fail_always(PAGE_TPL),
}


@pytest.mark.parametrize("fault", sorted(USER_FAULTS))
def test_without_a_user_the_default_tier_answers(faulty: FaultyStore, warm: ReplayStore, fault: str) -> None:
    break_it, is_event = USER_FAULTS[fault]
    break_it(faulty)
    response = ask(warm)
    assert (
        response.status, response.body, response.tier, response.outcome,
    ) == (200, b"free there live free", "free", "ok")  # fmt: skip
    assert is_event == bool(response.logs)


@pytest.mark.parametrize("fault", sorted(CONFIG_FAULTS))
def test_without_a_configuration_the_last_good_copy_answers(faulty: FaultyStore, warm: ReplayStore, fault: str) -> None:
    break_it, hero = CONFIG_FAULTS[fault]
    break_it(faulty)
    response = ask(warm)
    assert (200, f"vip Ada {hero}".encode(), "ok") == (response.status, response.body, response.outcome)
    assert len(response.logs) == 1


@pytest.mark.parametrize("fault", sorted(CONFIG_FAULTS.keys() - {"expired"}))
def test_a_configuration_that_was_never_read_is_the_manifests(
    faulty: FaultyStore, cold: ReplayStore, fault: str
) -> None:
    CONFIG_FAULTS[fault][0](faulty)
    assert ask(cold).body == b"vip Ada file vip"


@pytest.mark.parametrize("fault", sorted(PAGE_FAULTS))
def test_without_a_fragment_the_last_good_copy_answers(faulty: FaultyStore, warm: ReplayStore, fault: str) -> None:
    PAGE_FAULTS[fault](faulty)
    response = ask(warm)
    assert (response.status, response.body, response.outcome) == (200, b"vip Ada live vip", "ok")
    assert len(response.logs) == 1


@pytest.mark.parametrize("fault", sorted(PAGE_FAULTS))
def test_a_fragment_that_was_never_read_is_the_503_page(faulty: FaultyStore, cold: ReplayStore, fault: str) -> None:
    PAGE_FAULTS[fault](faulty)
    response = ask(cold)
    assert (response.status, response.body, response.outcome) == (503, b"<h1>later</h1>", "exception")
    assert (b"cache-control", b"no-store") in response.headers
    assert (b"content-type", b"text/html; charset=utf-8") in response.headers
    assert response.logs


@pytest.mark.parametrize("namespace", [STATIC_PAGES, ASSETS])
def test_static_pages_and_assets_come_from_memory(faulty: FaultyStore, warm: ReplayStore, namespace: Namespace) -> None:
    path, body = {STATIC_PAGES: ("/about", b"about"), ASSETS: ("/static/a.css", b"a{}")}[namespace]
    faulty.failures[namespace] = float("inf")
    assert (200, body) == (ask(warm, path).status, ask(warm, path).body)


@pytest.mark.parametrize("held", [True, False])
def test_an_asset_that_went_with_an_earlier_release_is_not_found(
    faulty: FaultyStore, cold: ReplayStore, held: bool
) -> None:
    if held:
        assert ask(cold, "/static/a.css").status == 200
    del faulty.stored[ASSETS]["/static/a.css"]
    faulty.stored[VALUES].pop(digest(b"a{}"))
    response = ask(cold, "/static/a.css")
    assert (response.status, response.outcome, response.logs) == (404, "ok", ())


@pytest.mark.parametrize("path", ["/about", "/static/a.css"])
def test_what_was_never_read_is_the_503_page(faulty: FaultyStore, cold: ReplayStore, path: str) -> None:
    faulty.failures = {STATIC_PAGES: float("inf"), ASSETS: float("inf")}
    assert (ask(cold, path).status, ask(cold, path).body) == (503, b"<h1>later</h1>")


@pytest.mark.parametrize("what", [VALUES, "cuts:"])
def test_a_flipped_bit_in_a_body_or_its_cuts_is_never_served(faulty: FaultyStore, cold: ReplayStore, what: str) -> None:
    values = faulty.stored[VALUES] if what == VALUES else faulty.stored[EDGEKIT]
    for key, value in list(values.items()):
        if what == VALUES or str(key).startswith(what):
            values[key] = bytes([value[0] ^ 1]) + value[1:]
    assert ask(cold).status == 503


def test_a_fragment_without_its_cuts_is_never_served(faulty: FaultyStore, cold: ReplayStore) -> None:
    for key in [key for key in faulty.stored[EDGEKIT] if str(key).startswith("cuts:")]:
        del faulty.stored[EDGEKIT][key]
    assert ask(cold).status == 503


def test_error_pages_are_held_from_the_start(faulty: FaultyStore, cold: ReplayStore) -> None:
    faulty.failures = dict.fromkeys((PAGE_TPL, STATIC_PAGES, VALUES), float("inf"))
    response = ask(cold, "/nowhere")
    assert (response.status, response.body) == (404, b"404 vip Ada")


def test_a_store_that_cannot_be_opened_is_answered_from_memory(faulty: FaultyStore, warm: ReplayStore) -> None:
    faulty.failures["snapshot"] = float("inf")
    response = ask(warm)
    assert (response.status, response.body, response.tier) == (200, b"free there live free", "free")
    assert (ask(warm, "/about").status, ask(warm, "/about").body) == (200, b"about")
    assert (ask(warm, "/nowhere").status, ask(warm, "/nowhere").body) == (404, b"404 free there")


def test_a_snapshot_is_tried_again(faulty: FaultyStore, warm: ReplayStore) -> None:
    faulty.failures["snapshot"] = 2
    assert (ask(warm).body, ask(warm).logs) == (b"vip Ada live vip", ())


@pytest.mark.parametrize("path", ["/", "/about", "/..", "/static/a.css"])
def test_a_store_without_a_release_is_503(path: str) -> None:
    response = ask(ReplayStore(MemoryStore({})), path)
    assert (response.status, response.body, response.release) == (503, b"This page is not available now.\n", None)


def publish_over(store: FaultyStore, site: dict[str, object]) -> None:
    publish(site, store.stored)
    store.version += 1


NEW_SITE = {**SITE, "pages": {**SITE["pages"], "/": {"free": "new free {HERO}", "vip": "new vip {HERO}"}}}  # type: ignore[dict-item]


def test_a_new_release_answers_the_next_request(faulty: FaultyStore, warm: ReplayStore) -> None:
    old = ask(warm).release
    publish_over(faulty, NEW_SITE)
    response = ask(warm)
    assert response.body == b"new vip live vip"
    assert old != response.release


@pytest.mark.parametrize("fault", ["manifest missing", "manifest damaged", "current failing"])
def test_a_release_that_cannot_be_read_leaves_the_old_one_whole(
    faulty: FaultyStore, warm: ReplayStore, fault: str
) -> None:
    old = ask(warm).release
    publish_over(faulty, NEW_SITE)
    manifest = manifest_key(faulty.stored[EDGEKIT][CURRENT].decode())
    match fault:
        case "manifest missing":
            del faulty.stored[EDGEKIT][manifest]
        case "manifest damaged":
            faulty.stored[EDGEKIT][manifest] = b"{"
        case _:
            faulty.failures[EDGEKIT] = float("inf")
    response = ask(warm)
    assert (200, b"free there live free", old) == (response.status, response.body, response.release)
    assert response.logs


def test_a_write_that_publishes_nothing_drops_nothing(faulty: FaultyStore, warm: ReplayStore) -> None:
    faulty.version += 1
    faulty.failures[VALUES] = float("inf")
    assert (ask(warm).status, ask(warm).body, ask(warm).logs) == (200, b"vip Ada live vip", ())


def test_too_much_cpu_is_429() -> None:
    ticks = iter([0.0, 0.0509, 1.0, 1.0501])
    store = ReplayStore(MemoryStore(publish({**SITE, "cpu_ms": 50})), cpu_clock=lambda: next(ticks))
    slow = ask(store)
    assert (slow.status, slow.outcome, slow.body) == (429, "exceededCpu", b"This page took too long to make.\n")
    assert (b"x-edgekit-outcome", b"exceededCpu") in slow.headers
    assert (b"cache-control", b"no-store") in slow.headers


def test_as_much_cpu_as_allowed_is_fine() -> None:
    ticks = iter([1.0, 1.5])
    store = ReplayStore(MemoryStore(publish({**SITE, "cpu_ms": 500})), cpu_clock=lambda: next(ticks))
    assert ask(store).status == 200


@pytest.mark.parametrize("collects", [True, False])
def test_no_collection_falls_into_an_answer_and_counts_as_its_cpu(collects: bool) -> None:
    meanwhile: list[bool] = []

    def look() -> float:
        meanwhile.append(gc.isenabled())
        return 0.0

    store = ReplayStore(MemoryStore(publish(SITE)), cpu_clock=look)
    was = gc.isenabled()
    (gc.enable if collects else gc.disable)()
    try:
        assert ask(store).status == 200
        assert gc.isenabled() == collects
    finally:
        (gc.enable if was else gc.disable)()
    assert meanwhile == [False, False]


def test_a_bug_of_ours_is_the_503_page_and_tells_no_value(warm: ReplayStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise RuntimeError("Ada")

    monkeypatch.setattr("edgekit.replay.visit.fill", fail)
    response = ask(warm)
    assert (response.status, response.body, response.outcome) == (503, b"<h1>later</h1>", "exception")
    assert "RuntimeError at test_faults.py" in response.logs[0].message
    assert "Ada" not in response.logs[0].message


@pytest.mark.parametrize("fault", [*USER_FAULTS.values()], ids=[*USER_FAULTS])
def test_no_event_holds_the_users_id(
    faulty: FaultyStore, warm: ReplayStore, fault: tuple[Callable[[FaultyStore], None], bool]
) -> None:
    fault[0](faulty)
    assert not any("u1" in log.message for log in ask(warm).logs)


def test_memory_is_bounded() -> None:
    pages = {f"/p{number}": {"free": f"{number:1000}{{NAME}}"} for number in range(50)}
    faulty = FaultyStore(publish({"slots": SITE["slots"], "segments": {"free": {"hero": "a"}}, "pages": pages}))
    store = ReplayStore(faulty, held_bytes=10_000)
    bodies = [ask(store, path) for path in pages]
    assert {200} == {response.status for response in bodies}
    faulty.failures[VALUES] = float("inf")
    held = [path for path in pages if ask(store, path).status == 200]
    assert list(pages)[-len(held) :] == held
    assert len(held) == 3


def test_a_body_larger_than_the_memory_is_served() -> None:
    store = ReplayStore(MemoryStore(publish({"pages": {"/": "x" * 50_000}})), held_bytes=10_000)
    assert [len(ask(store).body), len(ask(store).body)] == [50_000, 50_000]

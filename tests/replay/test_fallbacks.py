"""The table of docs/bad-days.md, walked: what could not be had, in which way, and what is answered then."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

from edgekit.kv.reader import MemoryStore
from edgekit.kv.store import open_store
from edgekit.model.expiry import EXPIRY_BYTES, seal
from edgekit.model.keys import (
    CURRENT,
    EDGEKIT,
    PAGE_TPL,
    SEGMENT_CONFIG,
    STATIC_PAGES,
    USER_SEGMENTS,
    VALUES,
    Namespace,
    manifest_key,
)
from edgekit.replay.faults import BadDay, Faults
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore
from tests.replay.asking import NOW, ask
from tests.replay.published import Namespaces, publish
from tests.replay.serving import write_store
from tests.source import ROOT

WHATS = ("user", "tier", "configuration", "fragment", "island", "item", "store", "release")
FAULTS = ("missing", "expired", "damaged", "slow", "failing")
LATENCY = 0.015

SITE = {
    "slots": {
        "NAME": {"from": "user.name", "default": "there", "max_length": 20},
        "HERO": {"from": "segment.hero", "max_length": 20},
        "RECS": {"from": "user.recs", "island": "card", "max_items": 3, "default": "empty"},
    },
    "segments": {"free": {"hero": "file free"}, "vip": {"hero": "file vip"}},
    "config": {"free": {"hero": "live free"}, "vip": {"hero": "live vip"}},
    "islands": {
        "hello": {"tiers": {"free": "hello free", "vip": "hello vip"}},
        "empty": {"tiers": "nothing"},
        "card": {"items": {"a": "[a]", "b": "[b]"}},
    },
    "pages": {
        "/": {tier: f"{tier} {{NAME}} {{HERO}} <!--INJECT:hello--> {{RECS}}" for tier in ("free", "vip")},
        "/about": "about",
        "503": "<h1>later</h1>",
    },
    "users": {"u1": {"tier": "vip", "name": "Ada", "recs": ["a", "b"]}},
}
NEXT = {**SITE, "pages": {**SITE["pages"], "/": "new", "/about": "new"}}  # type: ignore[dict-item]

PAGE = b"vip Ada live vip hello vip [a][b]"
BODIES = {
    "the page": PAGE,
    "the page, later": PAGE,
    "the page of a guest": b"free there live free hello free nothing",
    "the page of a guest, from the release before": b"free there live free hello free nothing",
    "the page of the default tier with the user's own values": b"free Ada live free hello free [a][b]",
    "the page with live fields as in the site's files": b"vip Ada file vip hello vip [a][b]",
    "the page without it": b"vip Ada live vip hello vip [a]",
    "`503.html`": b"<h1>later</h1>",
    "a line of text": b"This page is not available now.\n",
}
HEADERS = {"of its class": b"private, no-store", "no-store": b"no-store"}
EVENTS = {"none": ("ok", set()), "error": ("ok", {"error"}), "exception": ("exception", {"error"})}
EVENTS["warn, once an hour"] = ("ok", {"warn"})
STATIC_HEADERS = b"public, max-age=0, s-maxage=60, stale-while-revalidate=300"


class Row(NamedTuple):
    what: str
    fault: str
    held: str
    status: str
    body: str
    headers: str
    event: str


def read_rows() -> Iterator[Row]:
    """The table's rows, with one fault and one `held` each."""
    text = (ROOT / "docs" / "bad-days.md").read_text()
    table = text.partition("| what | fault |")[2].partition("\n\n")[0].splitlines()[2:]
    for line in table:
        row = Row(*(cell.strip() for cell in line.strip("|").split("|")))
        for fault, held in product(row.fault.split(", "), row.held.split(", ")):
            yield row._replace(fault=fault, held=held)


ROWS = {row[:3]: row for row in read_rows()}
TRIED = {place: row for place, row in ROWS.items() if row.status != "cannot be"}


class BadStore(MemoryStore):
    """Fails the look-ups that a pattern of `NAMESPACE:key` says."""

    def __init__(self, namespaces: Namespaces) -> None:
        super().__init__(namespaces)
        self.stored = namespaces
        self.failing = "(?!)"

    def get(self, namespace: Namespace, key: str | bytes) -> bytes | None:
        if re.fullmatch(self.failing, f"{namespace}:{key!s}"):
            raise OSError("a bad day")
        return super().get(namespace, key)


def warm(store: ReplayStore) -> None:
    assert [ask(store).body, ask(store, "/about").body] == [PAGE, b"about"]
    assert ask(store, user="nobody").body == BODIES["the page of a guest"]


PLACES: dict[str, tuple[Namespace, str]] = {
    "user": (USER_SEGMENTS, "u1"),
    "tier": (USER_SEGMENTS, "u1"),
    "configuration": (SEGMENT_CONFIG, "vip"),
    "fragment": (PAGE_TPL, "/:vip"),
    "island": (PAGE_TPL, "island/hello:vip"),
    "item": (PAGE_TPL, "island/card/b:vip"),
    "static": (STATIC_PAGES, "/about"),
}
TIERS = {"missing": [b""], "damaged": [b'"tier":"gone",', b'"tier":7,', b'"tier":null,']}


def spoil(store: BadStore, what: str, fault: str, form: int = 0) -> int:
    """Let the store have the fault, in one of its forms; how many more there are behind this one."""
    if fault == "slow":
        return 0
    if what == "store":
        if fault == "failing":
            store.failing = ".*"
        else:
            store.stored[VALUES] = {name: b"x" + body for name, body in store.stored[VALUES].items()}
        return 0
    if what == "release":
        return spoil_release(store, fault, form)
    namespace, key = PLACES[what]
    held = store.stored[namespace][key]
    if what == "tier" and fault in TIERS:
        record = b'{%s"name":"Ada","recs":["a","b"]}' % TIERS[fault][form]
        store.stored[namespace][key] = seal(record)
        return len(TIERS[fault]) - 1 - form
    match fault:
        case "missing":
            del store.stored[namespace][key]
        case "expired":
            store.stored[namespace][key] = seal(held[EXPIRY_BYTES:], NOW)
        case "failing":
            store.failing = re.escape(f"{namespace}:{key}")
        case _:
            forms = [held[:2], seal(held[EXPIRY_BYTES:-1]), seal(b"\xff" * 16)]
            store.stored[namespace][key] = forms[form]
            return len(forms) - 1 - form
    return 0


def spoil_release(store: BadStore, fault: str, form: int) -> int:
    if store.version == 2:  # another release than the one that was held
        publish(NEXT, store.stored)
    edgekit = store.stored[EDGEKIT]
    places = [CURRENT, manifest_key(edgekit[CURRENT].decode())]
    place = places[form]
    match fault:
        case "missing":
            del edgekit[place]
        case "failing":
            store.failing = re.escape(f"{EDGEKIT}:{place}")
        case _:
            edgekit[place] = b"{"
    return len(places) - 1 - form


def forms_of(what: str, fault: str) -> int:
    """How many forms a fault has."""
    return 1 + spoil(BadStore(publish(SITE)), what, fault)


def expect(row: Row, static: bool) -> tuple[int, bytes, bytes, str, set[str]]:
    while row.status.startswith("as "):
        row = ROWS[row.status.removeprefix("as "), row.fault, row.held]
    body, headers = BODIES[row.body], HEADERS[row.headers]
    if static and row.headers == "of its class":
        body, headers = b"about", STATIC_HEADERS
    return int(row.status), body, headers, *EVENTS[row.event]


def describe(response: Response) -> tuple[int, bytes, bytes, str, set[str]]:
    headers = dict(response.headers)
    levels = {str(log.level) for log in response.logs}
    return response.status, response.body, headers[b"cache-control"], response.outcome, levels


def test_the_table_has_every_fault_of_everything_once() -> None:
    assert [*product(WHATS, FAULTS, ("yes", "no"))] == sorted(
        (row[:3] for row in read_rows()), key=lambda row: (WHATS.index(row[0]), FAULTS.index(row[1]), row[2] == "no")
    )


@pytest.mark.parametrize(("what", "fault", "held"), [place for place in TRIED if place[:2] != ("store", "missing")])
def test_the_table_says_what_is_answered(what: str, fault: str, held: str) -> None:
    for form in range(forms_of(what, fault)):
        bad = BadStore(publish(SITE))
        store = ReplayStore(bad)
        if held == "yes":
            warm(store)
            bad.version += what == "release"
        elif what != "release":
            store.load()
        spoil(bad, what, fault, form)
        assert expect(ROWS[what, fault, held], static=False) == describe(ask(store)), form


@pytest.mark.parametrize("held", ["yes", "no"])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_table_is_true_of_a_static_page(fault: str, held: str) -> None:
    for form in range(forms_of("fragment", fault)):
        bad = BadStore(publish(SITE))
        store = ReplayStore(bad)
        store.load()
        if held == "yes":
            warm(store)
        spoil(bad, "static", fault, form)
        assert expect(ROWS["fragment", fault, held], static=True) == describe(ask(store, "/about")), form


@pytest.mark.parametrize("held", ["yes", "no"])
def test_a_store_that_is_removed_answers_on(tmp_path: Path, held: str) -> None:
    write_store(tmp_path / "edge.lmdb", SITE)
    with open_store(tmp_path / "edge.lmdb") as opened:
        store = ReplayStore(opened)
        if held == "yes":
            warm(store)
        (tmp_path / "edge.lmdb").unlink()
        assert expect(ROWS["store", "missing", held], static=False) == describe(ask(store))


@pytest.mark.parametrize(("what", "fault", "held"), [place for place in TRIED if place[1] == "slow"])
def test_what_is_slow_is_the_page_later(what: str, fault: str, held: str) -> None:
    day = BadDay(Faults(latency=LATENCY))
    store = day.open(MemoryStore(publish(SITE)))
    if held == "yes":
        warm(store)
    response = ask(store)
    assert expect(ROWS[what, fault, held], static=False) == describe(response)
    # The user, the fragment, its configuration, its island and two items; a release is not looked up by a page.
    assert (response.reads, day.delay(response)) == (6, 6 * LATENCY)


def test_an_expired_configuration_is_told_of_once_an_hour() -> None:
    bad = BadStore(publish(SITE))
    store = ReplayStore(bad)
    spoil(bad, "configuration", "expired")
    assert [len(ask(store).logs) for _ in range(3)] == [1, 0, 0]


@pytest.mark.parametrize(("what", "fault", "held"), [place for place in TRIED if place[:2] != ("store", "missing")])
def test_no_event_names_a_user_or_a_value(what: str, fault: str, held: str) -> None:
    bad = BadStore(publish(SITE))
    store = ReplayStore(bad)
    if held == "yes":
        warm(store)
    spoil(bad, what, fault)
    told = " ".join(log.message for log in ask(store).logs)
    assert not re.search(r"u1|Ada|live vip|card/", told)

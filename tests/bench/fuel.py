"""Fuel against measured time: pages as dear as they come, each answered by `respond` from a real store.

A page's first answer from a store counts ("cold": its body is read, hashed and cut) and, of the same, the second.
The constants of `edgekit/fragment/fuel.py` are right while no ratio here is above its goal.
"""

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from edgekit.fragment.alternatives import split
from edgekit.fragment.fuel import LOOKUP, Contents, SlotUse, fragment_fuel, list_fuel, request_fuel
from edgekit.fragment.values import longest_value
from edgekit.kv.reader import Snapshot
from edgekit.kv.store import LmdbStore, open_store
from edgekit.model.keys import PAGE_TPL
from edgekit.model.placeholder import ENCODINGS, format_alternative, format_end, format_placeholder
from edgekit.model.slot import Slot
from edgekit.replay.core import respond
from edgekit.replay.limits import MAX_HEAD_BYTES
from edgekit.replay.reading import Reading
from edgekit.replay.request import Request
from edgekit.replay.store import ReplayStore
from tests.bench.rounds import Spread, measure, spread
from tests.replay.identity.credentials import CLAIMS, sign
from tests.replay.identity.site import by_keys
from tests.replay.published import declare_slots, find_cuts
from tests.replay.serving import write_release

LONGEST: Final = 16_384
MARGIN: Final = 1.5
"""How many times the measured time a page's fuel is to be."""
LOOKUPS: Final = 400
ITEMS: Final = 100

_DEAR: Final = {
    "": ("'", "\U0001f389", "\0'", "\0"),
    "url": ("\U0001f389", "é"),
    "path": ("\U0001f389", "/"),
    "href": ("a", "'", "\U0001f389\t", " \U0001f389"),
    "json": ("\U0001f389", "<", "<\U0001f389", "\0"),
}
"""For each encoding, what is dear to write in it."""


class Extreme(NamedTuple):
    """A page of the class `delivery`, the slots it has, and what asks for it."""

    body: str
    slots: Mapping[str, dict[str, Any]] = {}
    delivery: str = "user"
    query: bytes = b""
    cookies: bytes = b""
    tags: bytes = b""
    record: str = "{}"
    item: str = ""
    """The fragment of the island `none`, and behind a number of each item that the list slot RECS shows."""
    identity: Mapping[str, Any] = {}


def bench_fuel(folder: Path, rounds: int) -> dict[str, dict[str, Spread]]:
    """Microseconds of an answer, and its share of the page's fuel, with the goal."""
    microseconds: dict[str, Spread] = {}
    ratios: dict[str, list[float]] = {}
    for number, (name, extreme) in enumerate(_extremes()):
        slots = declare_slots(dict(extreme.slots))
        fuel = _count(extreme, slots) / 1000
        with open_store(folder / f"{number}.lmdb", create=True) as store:
            write_release(store, _describe(extreme))
            cold, warm = _measure(store, extreme, max(3, rounds // 3))
        microseconds |= {f"cold, {name}": spread(cold), f"warm, {name}": spread(warm)}
        ratios[f"cold / fuel, {name}"] = [time / fuel for time in cold]
    with open_store(folder / "0.lmdb") as store, store.snapshot() as snapshot:
        times = measure({"lookups": lambda turn: _look_up(snapshot)}, rounds)["lookups"]
    microseconds[f"{LOOKUPS} look-ups"] = spread(times)
    ratios[f"{LOOKUPS} look-ups / fuel"] = [time / (LOOKUPS * LOOKUP / 1000) for time in times]
    dearest = max(ratios, key=lambda name: statistics.median(ratios[name]))
    ratios[f"worst: {dearest} (goal: at most {1 / MARGIN:.2f})"] = ratios[dearest]
    return {"microseconds": microseconds, "ratios": {name: spread(series) for name, series in ratios.items()}}


def _measure(store: LmdbStore, extreme: Extreme, rounds: int) -> tuple[list[float], list[float]]:
    headers = (
        (b"host", b"shop.example"),
        (b"x-user-id", b"u1"),
        (b"cookie", extreme.cookies),
        (b"if-none-match", extreme.tags),
    )
    request = Request(b"/", 1_790_000_000.0, query=extreme.query, headers=headers, peer="127.0.0.1")
    cold, warm = [], []
    for _ in range(rounds):
        replay = ReplayStore(store)
        respond(Request(b"/nothing", 0), replay)  # reads the release, which is no page's cost
        first, second = respond(request, replay), respond(request, replay)
        assert first.status == second.status == 200
        cold.append(first.cpu * 1e6)
        warm.append(second.cpu * 1e6)
    return cold, warm


def _count(extreme: Extreme, slots: Mapping[str, Slot]) -> int:
    """The fuel of the page in the variant that is asked for: that of the first choices."""
    shared, personal = extreme.delivery != "user", extreme.delivery != "static"
    item = fragment_fuel(_read_contents("000" + extreme.item, slots), {}, shared=False)
    lists = {name: list_fuel([item], item, slot.max_items) for name, slot in slots.items() if slot.island}
    contents = _read_contents(extreme.body, slots) if personal else Contents(len(extreme.body))
    return request_fuel(fragment_fuel(contents, lists, shared=shared), personal=personal)


def _read_contents(text: str, slots: Mapping[str, Slot]) -> Contents:
    body = text.encode()
    cuts = find_cuts(body)
    _, uses = split(body, cuts, {name: slot.choices[0] for name, slot in slots.items() if slot.choices})
    times = Counter((name, "" if slots[name].type == "integer" else encoding) for name, encoding in uses)
    by_slot: dict[str, list[tuple[Any, int]]] = {cut.slot: [] for cut in cuts if cut.slot}
    for (name, encoding), count in times.items():
        by_slot[name].append((encoding, count))
    described = tuple(
        SlotUse(name, slots[name].root, longest_value(slots[name]), tuple(found))
        for name, found in by_slot.items()
        if not slots[name].island
    )
    inserts = tuple((name, found[0][1]) for name, found in by_slot.items() if slots[name].island and found)
    return Contents(len(body), len(cuts), described, inserts)


def _extremes() -> Iterator[tuple[str, Extreme]]:
    mebibyte = "<p>Soft copper lamp</p>" * (1024 * 1024 // 23)
    yield "a body of 1 MiB, static", Extreme(mebibyte, delivery="static")
    yield "a body of 1 MiB, of a tier", Extreme(mebibyte, delivery="segment")
    yield "a body of 1 MiB, of a user", Extreme(mebibyte + "{A}", {"A": _slot("a", 9, "x")})
    yield "an empty page", Extreme("")
    yield "an empty page, static, asked for with many tags", Extreme("", delivery="static", tags=b"," * 60_000)
    for what, record in _RECORDS.items():
        yield f"a record of {len(record)} bytes: {what}", Extreme("{A}", {"A": _slot("a", 9, "x")}, record=record)
    claims = {**CLAIMS, "more": "x" * 5_500}
    token = sign(claims, "ES512")
    identity = by_keys("ES512", cookie="session")
    yield (
        f"a token of {len(token)} bytes in a long head",
        Extreme("{A}", {"A": _slot("a", 9, "x")}, identity=identity, cookies=b";" * 50_000 + b"session=" + token),
    )
    names = [f"N{number}" for number in range(1_000)]
    values = {name: _slot(name.lower(), 60, "'" * 60) for name in names}
    yield "1,000 slots", Extreme(" ".join(f"<b>{{{name}}}</b>" for name in names), values)
    every = [format_placeholder(name, encoding) for name in names for encoding in ENCODINGS]
    yield "1,000 slots in 5 encodings", Extreme(" ".join(every), values)
    integers = {name: {"from": f"user.{name}", "type": "integer", "default": -(2**53) + 1} for name in names}
    yield "1,000 integers", Extreme(" ".join(f"<b>{{{name}}}</b>" for name in names), integers)
    yield "20,000 placeholders", Extreme("{A} " * 20_000, {"A": _slot("a", 1, "x")})
    yield "20,000 placeholders in turn", Extreme("{A} {B:url} " * 10_000, {n: _slot(n, 1, "/") for n in "AB"})
    yield "100,000 escaped braces", Extreme("{_}A} " * 100_000 + "{A}", {"A": _slot("a", 1, "x")})
    for encoding, dear in _DEAR.items():
        for text in dear:
            value = (text * LONGEST)[:LONGEST]
            slots = {name: _slot(name.lower(), LONGEST, value) for name in names[:20]}
            body = " ".join(format_placeholder(name, encoding) for name in slots)
            yield f"20 values of {LONGEST:,} {text!a} in `{encoding}`", Extreme(body, slots)
    longest = _slot("a", LONGEST, "'" * LONGEST)
    yield "a value printed 900 times", Extreme("{A} " * 900, {"A": longest})
    yield "a value printed 40 times", Extreme("{A} " * 40, {"A": longest})
    live = {"from": "segment.a", "max_length": LONGEST, "live": "'" * LONGEST}
    yield "a live field printed 900 times", Extreme("{A} " * 900, {"A": live}, "segment")
    yield "a live field printed 40 times", Extreme("{A} " * 40, {"A": live}, "segment")
    choices = {f"C{number}": _choice(f"user.c{number}") for number in range(4)}
    yield "4,000 choices of two alternatives", Extreme(_alternatives(list(choices)) * 1_000, choices)
    nested = "".join(f"{{?C{number}=one}}{{?C{number}=two}}" for number in range(4))
    nested += "x" + "".join(f"{{/C{number}}}" for number in reversed(range(4)))
    yield "1,500 times 4 choices in each other", Extreme(nested * 1_500, choices)
    yield from _asking()
    card = "<p>Soft copper lamp</p>" * 200
    keys = ",".join(f'"p-{number}"' for number in range(ITEMS))
    for what, record in {"the list of 100 items": f'{{"recs":[{keys}]}}', "300 unknown ones first": _LATE}.items():
        yield f"{what}, plain", Extreme("{RECS}", {"RECS": _RECS}, record=record, item=card)
        slots = {"RECS": _RECS, **{name: _slot(name.lower(), 60, "'" * 60) for name in names[:20]}}
        printed = card + "".join(f"{{{name}}}" for name in names[:20])
        yield f"{what}, with 20 slots", Extreme("{RECS}", slots, record=record, item=printed)


def _asking() -> Iterator[tuple[str, Extreme]]:
    """Slots of a request that is as long as a server lets it be."""
    room = MAX_HEAD_BYTES - 200
    for what, pair in {"empty": b"&", "short": b"q%&", "escaped": b"%71%&"}.items():
        query = pair * (room // len(pair))
        slots = {f"Q{number}": _slot(f"q{number}", 40, "x", "request.query") for number in range(10)}
        yield f"10 slots of a query with {what} names", Extreme(" ".join(f"{{{n}}}" for n in slots), slots, query=query)
    cookies = b"; " * (room // 2)
    slots = {f"Q{number}": _slot(f"q{number}", 40, "x", "request.cookie") for number in range(10)}
    yield "10 slots of cookies", Extreme(" ".join(f"{{{n}}}" for n in slots), slots, cookies=cookies)
    for what, value in {"escapes": b"%F0%9F%8E%89", "percent signs": b"%"}.items():
        slots = {"Q": _slot("q", LONGEST, "x", "request.query")}
        query = b"q=" + value * (room // len(value))
        yield f"a query's value of {what}", Extreme("{Q}", slots, query=query)


def _alternatives(names: Sequence[str]) -> str:
    """One choice after the other, each with both alternatives."""
    return "".join(
        f"{format_alternative(name, 'one')}a{format_alternative(name, 'two')}b{format_end(name)}" for name in names
    )


def _slot(field: str, length: int, default: str, root: str = "user") -> dict[str, Any]:
    return {"from": f"{root}.{field}", "max_length": length, "default": default}


def _choice(source: str) -> dict[str, Any]:
    return {"from": source, "choices": ["one", "two"], "default": "one"}


_RECS: Final = {"from": "user.recs", "island": "card", "max_items": ITEMS, "default": "none"}
_LATE: Final = (
    '{"recs":[' + ",".join(f'"{"x" if number < 300 else "p"}-{number % 300}"' for number in range(400)) + "]}"
)

_RECORDS: Final = {
    "integers": '{"b":1e999,"c":[' + "1," * 8_170 + "1]}",
    "fields": '{"b":1e999' + "".join(f',"{number}":""' for number in range(1_640)) + "}",
    "lone surrogates": '{"b":1e999' + "".join(f',"{number}":"\\ud800"' for number in range(1_090)) + "}",
    "nothing wrong": '{"c":[' + "1," * 8_170 + '1],"a":"y"}',
}


def _describe(extreme: Extreme) -> dict[str, Any]:
    static = extreme.delivery == "static"
    return {
        "slots": dict(extreme.slots),
        "segments": {
            "free": {
                slot["from"].removeprefix("segment."): slot["live"]
                for slot in extreme.slots.values()
                if slot["from"].startswith("segment.")
            }
        },
        "islands": {
            "none": {"tiers": {"free": extreme.item}},
            "card": {"items": {f"p-{number}": {"free": f"{number:03}{extreme.item}"} for number in range(ITEMS)}},
        },
        "pages": {"/": extreme.body if static else {"free": extreme.body}},
        "delivery": {"/": extreme.delivery},
        "users": {"u1": extreme.record},
        "identity": dict(extreme.identity),
        "cpu_ms": 60_000,
    }


def _look_up(snapshot: Snapshot) -> None:
    reading = Reading(snapshot)
    for number in range(LOOKUPS):
        reading.get_sealed(PAGE_TPL, f"island/product-card/p-{number}:free")

"""What `respond` costs, against Jinja's render of the same page and against the floor."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec

from edgekit.kv.store import LmdbStore, open_store
from edgekit.model.expiry import seal
from edgekit.model.keys import USER_SEGMENTS
from edgekit.replay.core import respond
from edgekit.replay.request import Request
from edgekit.replay.store import ReplayStore
from tests.bench.floor import make_floors
from tests.bench.page import FIELDS, PATH, Pages, make_record
from tests.bench.rounds import Spread, measure, ratio, spread
from tests.replay.published import publish

ASKED = 2_000
"""Users asked in turn: too many to stay in the processor's caches, few enough to prepare."""

SHELL = "/shell"
LISTED = ("i0", "i1", "i2", "i3")
"""What the user `list` is recommended: four items in an island of a page that is static without it."""


def bench_replay(folder: Path, users: int, rounds: int) -> dict[str, dict[str, Spread]]:
    """Microseconds a call, and ratios with their goals."""
    pages = Pages()
    file = folder / "edge.lmdb"
    _fill_store(file, pages, users)
    copy = shutil.copy(file, folder / "raw.lmdb")  # a process may open a file once
    numbers = [(turn * 7919) % users for turn in range(ASKED)]
    names = [f"u{number:07d}".encode() for number in numbers]
    records = [make_record(number) for number in numbers]
    requests = [
        Request(
            path=PATH.encode(),
            now=1_790_000_000.0,
            headers=(
                (b"host", b"shop.example"),
                (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
                (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
                (b"accept-language", b"en,nl;q=0.7"),
                (b"accept-encoding", b"gzip, deflate, br"),
                (b"x-user-id", name),
            ),
            peer="127.0.0.1",
        )
        for name in names
    ]
    shell = Request(SHELL.encode(), 1_790_000_000.0, headers=((b"x-user-id", b"list"),), peer="127.0.0.1")
    floor, floor_at_once = make_floors(Path(copy), pages.fragments)
    with open_store(file) as store:
        replay = ReplayStore(store)
        for turn in range(50):
            body = respond(requests[turn], replay).body
            assert body == pages.render_loop(records[turn]) == pages.render_flat(records[turn])
            assert body == floor(names[turn]) == floor_at_once(names[turn])
        assert respond(shell, replay).body.count(b"<li>") == len(LISTED)
        times = measure(
            {
                "respond": lambda turn: respond(requests[turn], replay),
                "respond, static page with an island with a list of four": lambda turn: respond(shell, replay),
                "floor": lambda turn: floor(names[turn]),
                "floor, one escape call": lambda turn: floor_at_once(names[turn]),
                "jinja, loop-heavy page": lambda turn: pages.render_loop(records[turn]),
                "jinja, flat page": lambda turn: pages.render_flat(records[turn]),
            },
            rounds,
            ASKED,
        )
    mine = times["respond"]
    return {
        "microseconds": {name: spread(series) for name, series in times.items()},
        "ratios": {
            "respond / floor (goal: at most 1.5)": ratio(mine, times["floor"]),
            "respond / floor, one escape call": ratio(mine, times["floor, one escape call"]),
            "jinja, loop-heavy page / respond (goal: at least 100)": ratio(times["jinja, loop-heavy page"], mine),
            "jinja, flat page / respond": ratio(times["jinja, flat page"], mine),
        },
    }


def _fill_store(file: Path, pages: Pages, users: int) -> None:
    slots: dict[str, dict[str, object]] = {
        field.upper(): {"from": f"user.{field}", "default": "none", "max_length": 60} for field in FIELDS
    }
    slots["RECS"] = {"from": "user.recs", "island": "card", "max_items": len(LISTED), "default": "nothing"}
    described = {
        "slots": slots,
        "segments": {tier: {} for tier in pages.fragments},
        "islands": {
            "recs": {"tiers": "<ul>{RECS}</ul>"},
            "nothing": {"tiers": ""},
            "card": {"items": {key: f"<li>{key}: {{{next(iter(slots))}}}</li>" for key in LISTED}},
        },
        "pages": {PATH: pages.fragments, SHELL: "<p>static</p>" * 1_000 + "<!--INJECT:recs-->"},
        "delivery": {SHELL: "user"},
        "users": {"list": {**make_record(0), "recs": LISTED}},
        "cpu_ms": 50,
    }
    with open_store(file, create=True) as store:
        _write(store, publish(described).items())
        people = (
            (f"u{number:07d}".encode(), seal(msgspec.json.encode(make_record(number)))) for number in range(users)
        )
        with store.write() as transaction:
            transaction.put_many(USER_SEGMENTS, people)


def _write(store: LmdbStore, namespaces: Iterable[tuple[object, dict[str | bytes, bytes]]]) -> None:
    with store.write() as transaction:
        for namespace, values in namespaces:
            for key, value in values.items():
                transaction.put(namespace, key, value)  # type: ignore[arg-type]

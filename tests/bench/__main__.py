"""`python -m tests.bench`: what `respond` costs, against Jinja's render of the same page and against the floor.

Figures are CPU time of the one thread that works. Rounds are interleaved over all contestants, because the machine's
speed drifts; ratios are taken within a round.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
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
from tests.replay.published import publish

ASKED = 2_000
"""Users asked in turn: too many to stay in the processor's caches, few enough to prepare."""
ROUND_SECONDS = 0.15

Contestant = Callable[[int], object]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--users", type=int, default=20_000, help="users in the store")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        report = _run(Path(folder), options.users, options.rounds)
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        _show(report)


def _run(folder: Path, users: int, rounds: int) -> dict[str, object]:
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
    floor, floor_at_once = make_floors(Path(copy), pages.fragments)
    with open_store(file) as store:
        replay = ReplayStore(store)
        for turn in range(50):
            body = respond(requests[turn], replay).body
            assert body == pages.render_loop(records[turn]) == pages.render_flat(records[turn])
            assert body == floor(names[turn]) == floor_at_once(names[turn])
        times = _measure(
            {
                "respond": lambda turn: respond(requests[turn], replay),
                "floor": lambda turn: floor(names[turn]),
                "floor, one escape call": lambda turn: floor_at_once(names[turn]),
                "jinja, loop-heavy page": lambda turn: pages.render_loop(records[turn]),
                "jinja, flat page": lambda turn: pages.render_flat(records[turn]),
            },
            rounds,
        )
    mine = times["respond"]
    return {
        "version": 1,
        "page_bytes": len(body),
        "slots": len(FIELDS),
        "users": users,
        "rounds": rounds,
        "microseconds": {name: _spread(series) for name, series in times.items()},
        "respond_to_floor": _spread(a / b for a, b in zip(mine, times["floor"], strict=True)),
        "respond_to_floor_one_escape_call": _spread(
            a / b for a, b in zip(mine, times["floor, one escape call"], strict=True)
        ),
        "jinja_loop_to_respond": _spread(b / a for a, b in zip(mine, times["jinja, loop-heavy page"], strict=True)),
        "jinja_flat_to_respond": _spread(b / a for a, b in zip(mine, times["jinja, flat page"], strict=True)),
    }


def _fill_store(file: Path, pages: Pages, users: int) -> None:
    slots = {field.upper(): {"from": f"user.{field}", "default": "none", "max_length": 60} for field in FIELDS}
    described = {
        "slots": slots,
        "segments": {tier: {} for tier in pages.fragments},
        "pages": {PATH: pages.fragments},
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


def _measure(contestants: dict[str, Contestant], rounds: int) -> dict[str, list[float]]:
    """Microseconds a call, one figure a round."""
    turns = {name: _fit(contestant) for name, contestant in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            times[name].append(_time(contestant, turns[name]))
    return times


def _fit(contestant: Contestant) -> int:
    """How many calls fill a round."""
    return max(10, int(ROUND_SECONDS * 1e6 / _time(contestant, 50)))


def _time(contestant: Contestant, turns: int) -> float:
    order = [turn % ASKED for turn in range(turns)]
    started = time.thread_time()
    for turn in order:
        contestant(turn)
    return (time.thread_time() - started) / turns * 1e6


def _spread(series: Iterable[float]) -> dict[str, float]:
    figures = list(series)
    return {
        "median": round(statistics.median(figures), 2),
        "min": round(min(figures), 2),
        "max": round(max(figures), 2),
    }


def _show(report: dict[str, object]) -> None:
    print(f"{report['page_bytes']:,} bytes, {report['slots']} slots, {report['users']:,} users in LMDB, ", end="")
    print(f"{report['rounds']} interleaved rounds: median [min - max]\n")
    times = report["microseconds"]
    assert isinstance(times, dict)
    for name, spread in times.items():
        print(f"  {name:<24} {_format(spread)} µs")
    print()
    for key, what in {
        "respond_to_floor": "respond / floor (goal: at most 1.5)",
        "respond_to_floor_one_escape_call": "respond / floor, one escape call",
        "jinja_loop_to_respond": "jinja, loop-heavy page / respond (goal: at least 100)",
        "jinja_flat_to_respond": "jinja, flat page / respond",
    }.items():
        print(f"  {what:<54} {_format(report[key])}")


def _format(spread: object) -> str:
    assert isinstance(spread, dict)
    return f"{spread['median']:>8.2f} [{spread['min']:.2f} - {spread['max']:.2f}]"


main(sys.argv[1:])

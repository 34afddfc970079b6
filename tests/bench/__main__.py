"""`python -m tests.bench`: replay, tracing and contexts against Jinja and the floor; checks; builds; fuel.

All of them, or those named. Figures are CPU time of the one thread that works, medians over interleaved rounds with
the lowest and the highest.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.check import bench_check
from tests.bench.contexts import bench_contexts
from tests.bench.fuel import bench_fuel
from tests.bench.incremental import bench_incremental
from tests.bench.replay import bench_replay
from tests.bench.rounds import format_spread
from tests.bench.trace import bench_trace
from tests.bench.unchanged import bench_unchanged

_UNITS = {"microseconds": "µs", "milliseconds": "ms", "ratios": ""}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="replay, trace, contexts, check, fuel [default: all]")
    parser.add_argument("--users", type=int, default=20_000, help="users in the store")
    parser.add_argument("--pages", type=int, default=10_000, help="pages of the build with contexts checked")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        few = max(3, options.rounds // 3)
        benches = {
            "replay": lambda: bench_replay(Path(folder), options.users, options.rounds),
            "trace": lambda: bench_trace(options.rounds),
            "contexts": lambda: bench_contexts(max(1, options.rounds // 5), options.pages),
            "check": lambda: bench_check(Path(folder), few, options.pages),
            "incremental": lambda: bench_incremental(Path(folder), max(1, options.rounds // 5), options.pages),
            "unchanged": lambda: bench_unchanged(Path(folder) / "unchanged", few, options.pages),
            "fuel": lambda: bench_fuel(Path(folder), options.rounds),
        }
        if unknown := set(options.names) - benches.keys():
            parser.error(f"there is no bench {', '.join(sorted(unknown))}; there are {', '.join(benches)}")
        report = {name: bench() for name, bench in benches.items() if name in (options.names or benches)}
    if options.json:
        print(json.dumps({"version": 1, "users": options.users, "rounds": options.rounds, **report}, indent=2))
        return
    for name, figures in report.items():
        print(f"\n{name}: interleaved rounds, median [min - max]")
        for unit, lines in figures.items():
            print()
            for what, spread in lines.items():
                print(f"  {what:<72} {format_spread(spread)} {_UNITS[unit]}".rstrip())


main(sys.argv[1:])

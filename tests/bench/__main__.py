"""`python -m tests.bench`: what replay and tracing cost, against Jinja and against the floor; and fuel, against time.

Figures are CPU time of the one thread that works, medians over interleaved rounds with the lowest and the highest.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.fuel import bench_fuel
from tests.bench.replay import bench_replay
from tests.bench.rounds import format_spread
from tests.bench.trace import bench_trace


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--users", type=int, default=20_000, help="users in the store")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        report = {
            "replay": bench_replay(Path(folder), options.users, options.rounds),
            "trace": bench_trace(options.rounds),
            "fuel": bench_fuel(Path(folder), options.rounds),
        }
    if options.json:
        print(json.dumps({"version": 1, "users": options.users, "rounds": options.rounds, **report}, indent=2))
        return
    for name, figures in report.items():
        print(f"\n{name}: {options.rounds} interleaved rounds, median [min - max]\n")
        for contestant, spread in figures["microseconds"].items():
            print(f"  {contestant:<62} {format_spread(spread)} µs")
        print()
        for what, spread in figures["ratios"].items():
            print(f"  {what:<62} {format_spread(spread)}")


main(sys.argv[1:])

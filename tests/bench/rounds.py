"""Timing: CPU time of the one thread that works, in rounds interleaved over all contestants.

The machine's speed drifts, so ratios are taken within a round.
"""

import statistics
import time
from collections.abc import Callable, Iterable

ROUND_SECONDS = 0.15

Contestant = Callable[[int], object]
"""One call; it is given the number of its turn, from 0 to the number of turns that there are."""

Spread = dict[str, float]


def measure(contestants: dict[str, Contestant], rounds: int, turns: int = 1) -> dict[str, list[float]]:
    """Microseconds a call, one figure a round. Contestants are called with the numbers below `turns` in turn."""
    calls = {name: max(10, int(ROUND_SECONDS * 1e6 / _time(call, 20, turns))) for name, call in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            times[name].append(_time(contestant, calls[name], turns))
    return times


def _time(contestant: Contestant, calls: int, turns: int) -> float:
    order = [call % turns for call in range(calls)]
    started = time.thread_time()
    for turn in order:
        contestant(turn)
    return (time.thread_time() - started) / calls * 1e6


def time_once(contestant: Callable[[], object]) -> float:
    """Microseconds of one long call."""
    started = time.thread_time()
    contestant()
    return (time.thread_time() - started) * 1e6


def ratio(above: list[float], below: list[float]) -> Spread:
    """The spread of one series over another, round by round."""
    return spread(a / b for a, b in zip(above, below, strict=True))


def spread(series: Iterable[float]) -> Spread:
    figures = list(series)
    return {
        "median": round(statistics.median(figures), 2),
        "min": round(min(figures), 2),
        "max": round(max(figures), 2),
    }


def format_spread(figures: Spread) -> str:
    return f"{figures['median']:>8.2f} [{figures['min']:.2f} - {figures['max']:.2f}]"

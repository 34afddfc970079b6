"""What is counted of answers, for metrics."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

import msgspec

from edgekit.replay.response import Response

CPU_BUCKETS: Final = (10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3)
"""Seconds, each bucket's upper bound: from a page out of memory to twice the usual `[budget] cpu_ms`."""
LOOKUP_BUCKETS: Final = (0, 1, 2, 3, 4, 6, 8, 12, 20, 50, 100)
"""A page has one to three; islands and the items of lists add theirs."""
NONE: Final = "none"
"""The label of what has no class or no tier."""


class Cost(msgspec.Struct):
    """What answers of a class cost: how many fell into each bucket, the last beyond all bounds, and the sums."""

    cpu: list[int] = msgspec.field(default_factory=lambda: [0] * (len(CPU_BUCKETS) + 1))
    lookups: list[int] = msgspec.field(default_factory=lambda: [0] * (len(LOOKUP_BUCKETS) + 1))
    cpu_sum: float = 0.0
    lookups_sum: int = 0

    def add(self, other: "Cost") -> None:
        self.cpu = [mine + theirs for mine, theirs in zip(self.cpu, other.cpu, strict=True)]
        self.lookups = [mine + theirs for mine, theirs in zip(self.lookups, other.lookups, strict=True)]
        self.cpu_sum += other.cpu_sum
        self.lookups_sum += other.lookups_sum


class Counts(msgspec.Struct):
    """`requests` by class, tier and status; `fallbacks` by what they stand in for; `costs` by class.

    `starts` are workers that began with nothing in memory, `failures` reads of the store that failed, each try. All
    labels are of few values: classes, the tiers of releases, our own statuses.
    """

    starts: int = 0
    failures: int = 0
    requests: dict[tuple[str, str, int], int] = msgspec.field(default_factory=dict)
    fallbacks: dict[str, int] = msgspec.field(default_factory=dict)
    costs: dict[str, Cost] = msgspec.field(default_factory=dict)

    def count(self, response: Response) -> None:
        kind = response.kind or NONE
        labels = kind, response.tier or NONE, response.status
        self.requests[labels] = self.requests.get(labels, 0) + 1
        cost = self.costs.get(kind)
        if cost is None:
            cost = self.costs[kind] = Cost()
        cost.cpu[bisect_left(CPU_BUCKETS, response.cpu)] += 1
        cost.cpu_sum += response.cpu
        cost.lookups[bisect_left(LOOKUP_BUCKETS, response.reads)] += 1
        cost.lookups_sum += response.reads
        self.failures += response.failures
        for fallback in response.fallbacks:
            self.fallbacks[fallback] = self.fallbacks.get(fallback, 0) + 1


def add_up(all: Iterable[Counts]) -> Counts:
    total = Counts()
    for counts in all:
        total.starts += counts.starts
        total.failures += counts.failures
        for labels, number in counts.requests.items():
            total.requests[labels] = total.requests.get(labels, 0) + number
        for fallback, number in counts.fallbacks.items():
            total.fallbacks[fallback] = total.fallbacks.get(fallback, 0) + number
        for kind, cost in counts.costs.items():
            total.costs.setdefault(kind, Cost()).add(cost)
    return total

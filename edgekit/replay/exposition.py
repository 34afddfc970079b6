"""Metrics in the text format of Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/ and, for the names, …/docs/practices/naming/
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, get_args

from edgekit.replay.counts import CPU_BUCKETS, LOOKUP_BUCKETS, Counts
from edgekit.replay.response import Fallback

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"


def format_metrics(counts: Counts, release: str | None) -> bytes:
    """`release` is the current one's name, if there is one."""
    # Loaded at the first scrape, in a thread: it takes longer than all the rest of a worker's start.
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.registry import Collector

    class Collected(Collector):
        def collect(self) -> Iterator["Metric"]:
            return _families(counts, release)

    registry = CollectorRegistry()
    registry.register(Collected())
    return generate_latest(registry)


def _families(counts: Counts, release: str | None) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    requests = CounterMetricFamily(
        "edgekit_requests", "Requests answered, by delivery class, tier and status.", labels=("class", "tier", "status")
    )
    for (kind, tier, status), number in sorted(counts.requests.items()):
        requests.add_metric((kind, tier, str(status)), number)
    yield requests

    cpu = HistogramMetricFamily("edgekit_cpu_seconds", "CPU that making an answer took.", labels=("class",))
    lookups = HistogramMetricFamily("edgekit_lookups", "Look-ups that an answer took.", labels=("class",))
    for kind, cost in sorted(counts.costs.items()):
        cpu.add_metric((kind,), _buckets(CPU_BUCKETS, cost.cpu), cost.cpu_sum)
        lookups.add_metric((kind,), _buckets(LOOKUP_BUCKETS, cost.lookups), cost.lookups_sum)
    yield cpu
    yield lookups

    fallbacks = CounterMetricFamily(
        "edgekit_fallbacks", "Answers made with something else, by what could not be had.", labels=("kind",)
    )
    for fallback in get_args(Fallback):  # those at zero, too: a rate needs a first value
        fallbacks.add_metric((fallback,), counts.fallbacks.get(fallback, 0))
    yield fallbacks

    yield CounterMetricFamily(
        "edgekit_kv_failures", "Reads of the store that failed, each try counted.", value=counts.failures
    )
    yield CounterMetricFamily("edgekit_cold_starts", "Workers that began with nothing in memory.", value=counts.starts)

    info = GaugeMetricFamily("edgekit_release_info", "The release in use; always 1.", labels=("release",))
    if release is not None:
        info.add_metric((release,), 1)
    yield info


def _buckets(bounds: Sequence[float], counted: Sequence[int]) -> list[tuple[str, float]]:
    """Prometheus' buckets each hold those below them."""
    total = 0
    found: list[tuple[str, float]] = []
    for bound, number in zip((*bounds, float("inf")), counted, strict=True):
        total += number
        found.append(("+Inf" if bound == float("inf") else repr(float(bound)), total))
    return found

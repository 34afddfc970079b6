"""Metrics: what is counted, over all workers, and how it is written."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgekit.replay.counts import Counts, add_up
from edgekit.replay.exposition import format_metrics
from edgekit.replay.metrics import Metrics
from edgekit.replay.response import Response
from edgekit.replay.runtime import runtime_folder

PAGE = Response(200, (), b"", tier="vip", release="r1", cpu=0.000_060, reads=3, kind="user")
STATIC = Response(200, (), b"", release="r1", cpu=0.000_020, reads=1, kind="static")
REDIRECT = Response(308, (), b"", release="r1", cpu=0.000_010)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read_samples(text: bytes) -> Samples:
    """By name and sorted labels; the text must be one that Prometheus reads, with each series once."""
    found = [
        ((sample.name, tuple(sorted(sample.labels.items()))), sample.value)
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    ]
    assert len(found) == len(dict(found))
    return dict(found)


def count(*responses: Response) -> Samples:
    counts = Counts()
    for response in responses:
        counts.count(response)
    return read_samples(format_metrics(counts, "r1"))


def requests(kind: str, tier: str, status: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return "edgekit_requests_total", (("class", kind), ("status", status), ("tier", tier))


@pytest.fixture
def folder() -> Iterator[Path]:
    with runtime_folder() as folder:
        yield folder


def test_requests_are_counted_by_class_tier_and_status() -> None:
    found = count(PAGE, PAGE, STATIC, REDIRECT)
    assert {name: value for name, value in found.items() if name[0] == "edgekit_requests_total"} == {
        requests("user", "vip", "200"): 2,
        requests("static", "none", "200"): 1,
        requests("none", "none", "308"): 1,
    }


def test_a_tier_called_none_makes_no_second_series() -> None:
    found = count(STATIC, msgspec.structs.replace(STATIC, tier="none"))
    assert found[requests("static", "none", "200")] == 2


def test_cpu_and_lookups_are_histograms_by_class() -> None:
    found = count(PAGE, msgspec.structs.replace(PAGE, cpu=0.3, reads=400), STATIC)
    bucket = "edgekit_cpu_seconds_bucket"
    assert [found[bucket, (("class", "user"), ("le", bound))] for bound in ("5e-05", "0.0001", "0.1", "+Inf")] == [
        0,
        1,
        1,
        2,
    ]
    assert found["edgekit_cpu_seconds_count", (("class", "user"),)] == 2
    assert found["edgekit_cpu_seconds_sum", (("class", "user"),)] == pytest.approx(0.300_06)
    assert [
        found["edgekit_lookups_bucket", (("class", "user"), ("le", bound))] for bound in ("2.0", "3.0", "100.0", "+Inf")
    ] == [0, 1, 1, 2]
    assert found["edgekit_lookups_sum", (("class", "user"),)] == 403


def test_a_value_at_a_bound_is_in_its_bucket() -> None:
    found = count(msgspec.structs.replace(PAGE, cpu=0.0001))
    assert found["edgekit_cpu_seconds_bucket", (("class", "user"), ("le", "0.0001"))] == 1


def test_fallbacks_and_failures_are_counted_and_begin_at_zero() -> None:
    fallen = msgspec.structs.replace(PAGE, fallbacks=("user", "fragment", "fragment"), failures=9)
    found = count(fallen, PAGE)
    kinds = {name[1][0][1]: value for name, value in found.items() if name[0] == "edgekit_fallbacks_total"}
    assert kinds == {"user": 1, "configuration": 0, "fragment": 2, "release": 0, "page": 0}
    assert found["edgekit_kv_failures_total", ()] == 9


def test_the_release_in_use_is_told_if_there_is_one() -> None:
    assert count()["edgekit_release_info", (("release", "r1"),)] == 1
    names = {name for name, _ in read_samples(format_metrics(Counts(), None))}
    assert "edgekit_release_info" not in names


def test_the_counts_of_all_workers_are_added_up() -> None:
    first, second = Counts(starts=1), Counts(starts=1)
    first.count(PAGE)
    second.count(PAGE)
    second.count(STATIC)
    both = Counts(starts=2)
    for response in (PAGE, STATIC, PAGE):
        both.count(response)
    assert both == add_up([first, second])


def test_a_worker_writes_its_counts_down_for_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgekit.replay.metrics._SECONDS", 0.01)

    async def main() -> int:
        one, other = Metrics(folder), Metrics(folder)
        for _ in range(3):
            one.count(PAGE)
        while other.collect().requests != {("user", "vip", 200): 3}:
            await asyncio.sleep(0.01)
        one.count(PAGE)
        while other.collect().requests != {("user", "vip", 200): 4}:
            await asyncio.sleep(0.01)
        return other.collect().starts

    assert asyncio.run(main()) == 2
    assert len([*folder.glob("metrics-*")]) == 2


def test_a_worker_that_collects_is_up_to_date_with_itself_and_keeps_the_counts_of_dead_ones(folder: Path) -> None:
    async def main() -> Counts:
        dead = Metrics(folder)
        dead.count(PAGE)
        dead.collect()
        del dead
        living = Metrics(folder)
        living.count(STATIC)
        return living.collect()

    assert asyncio.run(main()).requests == {("user", "vip", 200): 1, ("static", "none", 200): 1}


def test_a_folder_that_is_gone_harms_nobody(folder: Path) -> None:
    async def main() -> None:
        with runtime_folder() as gone:
            metrics = Metrics(gone)
        metrics.count(PAGE)
        assert metrics.collect() == Counts()

    asyncio.run(main())

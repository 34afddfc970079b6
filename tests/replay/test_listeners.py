"""How events reach who listens: from several workers, without waiting for anybody."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest

from edgekit.replay.listeners import MAX_LISTENERS, Listener, Listeners, TooManyListenersError
from edgekit.replay.request import Request
from edgekit.replay.response import Log, Response
from edgekit.replay.runtime import runtime_folder

FINE = Response(200, (), b"", tier="vip", release="r1", reads=3)
CRITICAL = msgspec.structs.replace(FINE, logs=(Log("error", "a fault"),))
CANCELED = msgspec.structs.replace(FINE, outcome="canceled")
EXCEEDED = msgspec.structs.replace(FINE, outcome="exceededCpu", status=429)


@pytest.fixture
def folder() -> Iterator[Path]:
    with runtime_folder() as folder:
        yield folder


def tell(listeners: Listeners, path: str, response: Response = FINE) -> None:
    listeners.tell(Request(path.encode(), 0.0), response)


def lines(listener: Listener) -> list[dict[str, Any]]:
    return [json.loads(line) for line in listener.read().splitlines()]


def paths(listener: Listener) -> list[str]:
    return [event["path"] for event in lines(listener)]


def test_the_folder_is_private_and_goes(folder: Path) -> None:
    with runtime_folder() as other:
        assert other.stat().st_mode & 0o777 == 0o700
        Listener(other, 1)
    assert not other.exists()


def test_a_listener_hears_of_every_worker(folder: Path) -> None:
    workers = [Listeners(folder), Listeners(folder)]
    with Listener(folder, 1) as listener:
        for number, worker in enumerate(workers):
            tell(worker, f"/{number}")
        assert paths(listener) == ["/0", "/1"]


def test_who_comes_later_hears_only_what_follows(folder: Path) -> None:
    worker = Listeners(folder)
    with Listener(folder, 1) as first:
        tell(worker, "/a")
        with Listener(folder, 1) as second:
            tell(worker, "/b")
            assert paths(second) == ["/b"]
        tell(worker, "/c")
        assert paths(first) == ["/a", "/b", "/c"]


def test_nothing_is_built_when_nobody_listens(folder: Path) -> None:
    worker = Listeners(folder)
    with mock.patch("edgekit.replay.listeners.build_event") as build:
        tell(worker, "/a", CRITICAL)
        with Listener(folder, 0):
            tell(worker, "/b")
        tell(worker, "/c", CRITICAL)
    assert build.call_count == 0


def test_critical_events_are_never_sampled(folder: Path) -> None:
    worker = Listeners(folder)
    with Listener(folder, 0) as listener:
        for path, response in (("/a", FINE), ("/b", CRITICAL), ("/c", EXCEEDED), ("/d", CANCELED)):
            tell(worker, path, response)
        assert paths(listener) == ["/b", "/c"]


def test_a_sample_is_a_share_of_the_events(folder: Path) -> None:
    worker = Listeners(folder)
    with Listener(folder, 0.25) as listener, mock.patch("random.random", side_effect=[0.1, 0.3, 0.24, 0.25]):
        for path in ("/a", "/b", "/c", "/d"):
            tell(worker, path)
        assert paths(listener) == ["/a", "/c"]


def test_a_slow_listener_loses_events_and_is_told_how_many(folder: Path) -> None:
    async def main() -> None:
        worker = Listeners(folder)
        with (
            Listener(folder, 1) as slow,
            Listener(folder, 0) as other,
            mock.patch("edgekit.replay.listeners._DROPPED_SECONDS", 0.01),
        ):
            for number in range(2_000):
                tell(worker, f"/{number}")
            found = lines(slow)
            while "dropped" not in found[-1]:
                await asyncio.sleep(0.01)
                found += lines(slow)
            assert [event["path"] for event in found[:-1]] == [f"/{number}" for number in range(len(found) - 1)]
            assert found[-1] == {"dropped": 2_000 - (len(found) - 1)}
            tell(worker, "/after", CRITICAL)
            assert paths(slow) == ["/after"]
            assert paths(other) == ["/after"]

    asyncio.run(main())


def test_a_pipe_that_nobody_reads_is_removed(folder: Path) -> None:
    """Its worker was killed."""
    os.mkfifo(folder / "tail-1000000-left")
    worker = Listeners(folder)
    with Listener(folder, 1) as listener:
        tell(worker, "/a")
        assert paths(listener) == ["/a"]
    assert not (folder / "tail-1000000-left").exists()


def test_a_worker_notices_that_a_reader_was_killed(folder: Path) -> None:
    worker = Listeners(folder)
    with Listener(folder, 1) as living:
        killed = Listener(folder, 1)
        tell(worker, "/a")
        os.close(killed.fd)
        tell(worker, "/b")
        tell(worker, "/c")
        assert paths(living) == ["/a", "/b", "/c"]


def test_the_ends_of_pipes_are_closed(folder: Path) -> None:
    worker = Listeners(folder)
    tell(worker, "/first")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with Listener(folder, 1):
            tell(worker, "/a")
    tell(worker, "/last")
    assert before == len(os.listdir("/proc/self/fd"))


def test_not_everybody_can_listen(folder: Path) -> None:
    with ExitStack() as stack:
        for _ in range(MAX_LISTENERS):
            stack.enter_context(Listener(folder, 1))
        with pytest.raises(TooManyListenersError):
            Listener(folder, 1)
    Listener(folder, 1).close()

"""Events of the tail: what they tell, what they never tell, and how long they may be."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edgekit.replay.request import Request
from edgekit.replay.response import Log, Response
from edgekit.replay.tail import TailEvent, build_event, encode_event, encode_within

RESPONSE = Response(200, (), b"body", tier="vip", release="r1", cpu=0.000_123_4, reads=3)


def make_event(path: str = "/", logs: tuple[Log, ...] = ()) -> TailEvent:
    return msgspec.structs.replace(build_event(Request(b"/", 0), RESPONSE), path=path, logs=logs)


def test_an_event_has_the_documented_fields() -> None:
    response = msgspec.structs.replace(RESPONSE, logs=(Log("error", "a fault"),))
    assert json.loads(
        encode_event(build_event(Request(b"/caf%C3%A9", 1_795_996_800.25, query=b"secret=1"), response))
    ) == {
        "timestamp": "2026-11-30T00:00:00.250Z",
        "outcome": "ok",
        "path": "/café",
        "status": 200,
        "tier": "vip",
        "release": "r1",
        "cpu_us": 123,
        "reads": 3,
        "logs": [{"level": "error", "message": "a fault"}],
    }


def test_a_path_that_is_none_is_shown_as_it_came() -> None:
    assert build_event(Request(b"/a\xff%zz", 0), RESPONSE).path == "/a\\xff%zz"


def test_what_is_absent_is_null() -> None:
    event = build_event(Request(b"/", 0), msgspec.structs.replace(RESPONSE, tier=None, release=None))
    assert b'"tier":null,"release":null' in encode_event(event)


@given(path=st.text(max_size=2_048), logs=st.lists(st.text(max_size=600), max_size=40))
def test_a_line_is_never_longer_than_a_pipe_takes_at_once(path: str, logs: list[str]) -> None:
    event = make_event(path, tuple(Log("error", message) for message in logs))
    assert len(encode_within(event, 512)) <= 512
    assert json.loads(encode_within(event, 4_096))["status"] == 200


def test_of_too_many_logs_the_first_stay_and_the_rest_is_counted() -> None:
    logs = tuple(Log("error", f"fault {number}") for number in range(1_000))
    found = json.loads(encode_within(make_event(logs=logs), 4_096))["logs"]
    assert found[0]["message"] == "fault 0"
    assert found[-1] == {"level": "warn", "message": f"{1_000 - (len(found) - 1)} more logs"}


def test_an_event_that_fits_is_whole() -> None:
    event = make_event("/" + "a" * 2_000, (Log("warn", "b" * 500),))
    assert encode_event(event) == encode_within(event, 4_096)

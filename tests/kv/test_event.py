"""What a webhook's or a signal's body may be."""

from typing import Any

import msgspec
import pytest

from edgekit.kv.event import Event, parse_event


def body(**changes: Any) -> bytes:
    whole = {"type": "user.updated", "timestamp": "2026-11-23T10:00:00Z", "data": {"id": "u1", "tier": "premium"}}
    return msgspec.json.encode({name: value for name, value in {**whole, **changes}.items() if value is not ...})


def nested(depth: int) -> list[Any]:
    """Lists within each other, and brackets that are none."""
    inner: list[Any] = ["[{" * 99, '"[', '\\"[']
    for _ in range(depth - 1):
        inner = [inner]
    return inner


def test_a_body_is_an_event() -> None:
    assert Event("u1", 1_795_428_000_000_000, {"tier": "premium"}) == parse_event(body())
    assert Event("u1", 1_795_428_000_000_000, None) == parse_event(body(type="user.deleted"))


def test_data_may_be_nested_as_deep_as_a_record_can_be_read() -> None:
    assert parse_event(body(data={"id": "u1", "a": nested(98)})).fields == {"a": nested(98)}


def test_times_of_different_zones_are_compared_as_moments() -> None:
    assert parse_event(body()).at == parse_event(body(timestamp="2026-11-23T12:30:00.000000+02:30")).at
    assert parse_event(body(timestamp="2026-11-23T10:00:00.000001Z")).at - parse_event(body()).at == 1


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 60_000,
        body(type="user.created"),
        body(type=...),
        body(timestamp=...),
        body(timestamp="2026-11-23T10:00:00"),
        body(timestamp="yesterday"),
        body(timestamp=1_795_428_000),
        body(data=...),
        body(data=[]),
        body(data={}),
        body(data={"id": 7}),
        body(data={"id": ""}),
        body(data={"id": "x" * 512}),
        body().replace(b'"u1"', rb'"\ud800"'),
        body(data={"id": "u1", "a": nested(99)}),
    ],
)
def test_what_is_no_event_is_refused(bad: bytes) -> None:
    with pytest.raises(ValueError) as raised:
        parse_event(bad)
    assert "premium" not in str(raised.value)

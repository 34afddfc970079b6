"""The conformance cases: stores and requests as data, through the core."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edgekit.replay.core import respond
from edgekit.replay.request import Request
from edgekit.replay.store import ReplayStore
from edgekit.replay.tail import build_event, encode_event
from tests.replay.published import open_published

FILES = sorted((Path(__file__).parent.parent / "cases" / "replay").glob("*.json"))


def repeat(text: str) -> str:
    """`{a*511}` is 511 times `a`."""
    return re.sub(r"\{a\*(\d+)\}", lambda times: "a" * int(times[1]), text)


def make_request(described: dict[str, Any], user: str | None) -> Request:
    headers = [
        (name.encode("latin-1"), repeat(value).encode("latin-1")) for name, value in described.get("headers", [])
    ]
    if user is not None:
        headers.append((b"x-user-id", user.encode()))
    return Request(
        path=repeat(described["path"]).encode("latin-1"),
        now=described.get("now", 1_000_000_000),
        method=described.get("method", "GET"),
        query=described.get("query", "").encode("latin-1"),
        headers=tuple(headers),
        peer=described.get("peer", "127.0.0.1"),
    )


def check(case: dict[str, Any], store: ReplayStore) -> None:
    request = make_request(case["request"], case.get("user"))
    response = respond(request, store)
    expected = case["response"]
    assert expected["status"] == response.status, case["name"]
    assert repeat(expected["body"]).encode() == response.body, case["name"]
    headers = {name.decode(): value.decode() for name, value in response.headers}
    assert len(headers) == len(response.headers)
    length = headers.pop("content-length", None)
    wanted = expected.get("length", len(response.body))
    assert (None if wanted is None else str(wanted)) == length, case["name"]
    if "headers" in expected:
        assert expected["headers"] == headers, case["name"]
    event = json.loads(encode_event(build_event(request, response)))
    tail = expected.get("tail", {})
    assert tail == {key: event[key] for key in tail}, case["name"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_case_of_a_file_in_order(file: Path) -> None:
    content = json.loads(file.read_text("utf-8"))
    store = open_published(content["store"])
    for case in content["cases"]:
        check(case, store)


def test_there_are_cases() -> None:
    assert len(FILES) > 3

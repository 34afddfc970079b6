"""The application: what is told of an answer, however its sending ends."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edgekit.replay.app import build_app
from edgekit.replay.request import Request
from edgekit.replay.response import NOT_FOUND, Response, respond_alone
from edgekit.replay.tail_stream import stream_tail

SCOPE: dict[str, Any] = {
    "type": "http",
    "http_version": "1.1",
    "method": "GET",
    "raw_path": b"/nowhere",
    "query_string": b"",
    "headers": [(b"host", b"localhost")],
    "client": ("127.0.0.1", 1),
}


def answer(request: Request) -> Response:
    return respond_alone(request, NOT_FOUND)


async def receive() -> dict[str, Any]:
    return {"type": "http.disconnect"}


def test_an_answer_is_told_once_it_is_sent() -> None:
    happened: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        happened.append(message["type"])

    app = build_app(answer, {}, lambda request, response: happened.append(f"{request.path!r} {response.outcome}"))
    asyncio.run(app(SCOPE, receive, send))
    assert happened == ["http.response.start", "http.response.body", "b'/nowhere' ok"]


@pytest.mark.parametrize("error", [OSError, asyncio.CancelledError])
def test_one_that_cannot_be_sent_is_canceled(error: type[BaseException]) -> None:
    outcomes: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        raise error

    app = build_app(answer, {}, lambda request, response: outcomes.append(response.outcome))
    with pytest.raises(error):
        asyncio.run(app(SCOPE, receive, send))
    assert outcomes == ["canceled"]


def test_nothing_is_sent_to_a_client_that_goes_before_a_late_answer() -> None:
    """As one is with `--latency`."""
    happened: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        happened.append(message["type"])

    app = build_app(answer, {}, lambda request, response: happened.append(response.outcome), lambda response: 600)
    asyncio.run(app(SCOPE, receive, send))
    assert happened == ["canceled"]


def test_a_tail_that_cannot_be_opened_is_no_error_of_the_servers(tmp_path: Path) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(stream_tail(None, tmp_path / "gone", SCOPE, receive, send))
    assert [message.get("status") for message in sent] == [503, None]


def test_a_tail_is_no_websocket(tmp_path: Path) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(stream_tail(None, tmp_path, {**SCOPE, "type": "websocket"}, receive, send))
    assert [message.get("status") for message in sent] == [405, None]


def test_a_fault_of_who_is_told_harms_nobody() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    def fail(request: Request, response: Response) -> None:
        raise OSError

    asyncio.run(build_app(answer, {}, fail)(SCOPE, receive, send))
    assert [message.get("status") for message in sent] == [404, None]

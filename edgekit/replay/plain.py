"""Answers of endpoints in a line of plain text, and what is told of an endpoint's fault."""

from msgspec.structs import replace

from edgekit.replay.asgi import Scope, Send, send_answer
from edgekit.replay.request import Headers, Request
from edgekit.replay.response import PLAIN_HEADERS, Answer, Log, Response, respond_alone


async def send_plain(
    scope: Scope, send: Send, request: Request, status: int, reason: str, headers: Headers = ()
) -> None:
    """Answer with a status and a reason, which may be empty."""
    body = f"{reason}\n".encode() if reason else b""
    await send_answer(scope, send, request, Answer(status, (*PLAIN_HEADERS, *headers), body))


def build_fault(request: Request, status: int, fault: str) -> Response:
    """What an observer is told of a critical event, which must name no value."""
    response = respond_alone(request, Answer(status, (), b""))
    return replace(response, outcome="exception", logs=(Log("error", fault),))

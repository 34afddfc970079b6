"""Answers of endpoints in a line of plain text; whoever watches is told of them as of pages."""

import contextlib
from typing import Final

from msgspec.structs import replace

from edgekit.replay.asgi import Scope, Send, send_response
from edgekit.replay.observing import observe
from edgekit.replay.request import Headers, Request
from edgekit.replay.response import Answer, Log, respond_alone

_HEADERS: Final[Headers] = ((b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"))


async def send_plain(
    scope: Scope, send: Send, request: Request, status: int, reason: str, headers: Headers = (), fault: str = ""
) -> None:
    """Answer with a status and a reason; with a `fault` as of `observe_fault`."""
    body = f"{reason}\n".encode() if reason else b""
    response = respond_alone(request, Answer(status, (*_HEADERS, *headers), body))
    await send_response(scope, send, response)
    if fault:
        observe_fault(request, status, fault)
        return
    with contextlib.suppress(Exception):
        observe(request, response)


def observe_fault(request: Request, status: int, fault: str) -> None:
    """Tell of a critical event, which must name no value."""
    response = respond_alone(request, Answer(status, (), b""))
    with contextlib.suppress(Exception):
        observe(request, replace(response, outcome="exception", logs=(Log("error", fault),)))

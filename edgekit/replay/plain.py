"""Answers of endpoints in a line of plain text."""

from edgekit.replay.asgi import Scope, Send, send_answer
from edgekit.replay.request import Headers, Request
from edgekit.replay.response import PLAIN_HEADERS, Answer


async def send_plain(
    scope: Scope, send: Send, request: Request, status: int, reason: str, headers: Headers = ()
) -> None:
    """Answer with a status and a reason, which may be empty."""
    body = f"{reason}\n".encode() if reason else b""
    await send_answer(scope, send, request, Answer(status, (*PLAIN_HEADERS, *headers), body))

"""WebSocket `/_edgekit/signal`: many events on one connection, each acknowledged before the next is read."""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec

from edgekit.replay.asgi import Receive, Scope, Send, read_request
from edgekit.replay.bearer import has_token
from edgekit.replay.changes import Changes, Verdict, tell_fault
from edgekit.replay.limits import MAX_EVENT_BYTES, MAX_SIGNALS, SIGNAL_SECONDS
from edgekit.replay.observing import Observe
from edgekit.replay.plain import send_plain
from edgekit.replay.request import Headers, Request

SIGNAL_PATH: Final = b"/_edgekit/signal"
# Reasons to close: RFC 6455, 7.4.1.
_GOING_AWAY: Final = 1001
_TOO_LARGE: Final = 1009


class _Message(msgspec.Struct, frozen=True):
    id: str


class Acknowledgement(msgspec.Struct, frozen=True):
    """`id` is the message's, None if it has none; `status` as a webhook's answer."""

    id: str | None
    status: int


_HEADERS: Final[Mapping[int, Headers]] = {
    401: ((b"www-authenticate", b"Bearer"),),
    426: ((b"upgrade", b"websocket"), (b"connection", b"upgrade")),
}
"""RFC 9110, 15.5.2 and 15.5.22."""

_decode = msgspec.json.Decoder(_Message).decode
_encode = msgspec.json.Encoder().encode


class Signal:
    """The endpoint of a worker, and how many connections it has; `observe` is told of faults."""

    def __init__(self, token: bytes, changes: Changes, observe: Observe) -> None:
        self._token = token
        self._changes = changes
        self._observe = observe
        self._connections = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = read_request(scope)
        refused = self._refuse(request)
        if refused is None and scope["type"] != "websocket":
            refused = 426, "Only WebSocket connections are answered here."
        if refused is not None:
            status, reason = refused
            await send_plain(scope, send, request, status, reason, _HEADERS.get(status, ()))
            return
        self._connections += 1
        try:
            await self._talk(request, receive, send)
        finally:
            self._connections -= 1

    def _refuse(self, request: Request) -> tuple[int, str] | None:
        """A status and the reason; None for who may send events."""
        if any(name == b"origin" for name, _ in request.headers):
            return 403, "This is not for browsers."
        if not has_token(request, self._token):
            return 401, "The bearer token is missing, or is another."
        if self._connections >= MAX_SIGNALS:
            return 503, "Too many connections are open."
        return None

    async def _talk(self, request: Request, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        while True:
            try:
                async with asyncio.timeout(SIGNAL_SECONDS):
                    message = await receive()
            except TimeoutError:
                await send({"type": "websocket.close", "code": _GOING_AWAY, "reason": "idle"})
                return
            if message["type"] == "websocket.disconnect":
                return
            text: str | None = message.get("text")
            if len(text or message.get("bytes") or "") > MAX_EVENT_BYTES:
                await send({"type": "websocket.close", "code": _TOO_LARGE, "reason": "too large"})
                return
            # A binary message is no event, whatever it holds.
            body = b"" if text is None else text.encode()
            id, verdict = await self._apply(body)
            tell_fault(self._observe, request, verdict)
            acknowledged = _encode(Acknowledgement(id, verdict.status)).decode()
            await send({"type": "websocket.send", "text": acknowledged})

    async def _apply(self, body: bytes) -> tuple[str | None, Verdict]:
        try:
            id = _decode(body).id
            id.encode()
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
            return None, Verdict(400)
        return id, await self._changes.apply(id, body)

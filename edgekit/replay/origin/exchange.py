"""The bytes to the origin and back: streamed both ways, a piece at a time, each when the other side takes it.

Over httpx's transport and not its client, which would keep cookies and decode bodies.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final, NamedTuple, Never

import httpx
from msgspec.structs import replace

from edgekit.replay.asgi import Receive, Scope, Send
from edgekit.replay.limits import (
    ORIGIN_CONNECT_SECONDS,
    ORIGIN_CONNECTIONS,
    ORIGIN_SECONDS,
    UNREAD_SECONDS,
)
from edgekit.replay.origin.body import ClientGoneError, RequestBody
from edgekit.replay.origin.connection import AuthoritiesError, answer_of
from edgekit.replay.origin.forward import Forward
from edgekit.replay.origin.headers import is_loop, request_headers, response_headers
from edgekit.replay.request import Request
from edgekit.replay.response import (
    BODY_TOO_SLOW,
    NO_WEBSOCKETS,
    NOT_FORWARDED,
    Answer,
    Log,
    Outcome,
    Response,
    respond_alone,
)

_TIMEOUT: Final = httpx.Timeout(ORIGIN_SECONDS, connect=ORIGIN_CONNECT_SECONDS).as_dict()
_CLIENT_GONE: Final = 499
"""What is told of an answer that nobody waits for any more; nginx has the number from."""
_BROKEN_OFF: Final = (httpx.TransportError, ssl.SSLError)
"""How an answer breaks off. What is wrong within TLS httpcore hands on as it is."""
_ENDED: Final = {"type": "http.response.body", "body": b""}


class NoAnswerError(Exception):
    """There is nothing of the origin's to send; `response` is to be sent instead."""

    def __init__(self, response: Response) -> None:
        self.response = response


class _NoAnswer(NamedTuple):
    response: Response


class Exchange:
    """What one worker and the origin say to each other. Slow uploads hold up nobody who sends no body."""

    def __init__(self) -> None:
        self._bodiless = asyncio.Semaphore(ORIGIN_CONNECTIONS)
        self._uploads = asyncio.Semaphore(ORIGIN_CONNECTIONS)

    async def forward(self, forward: Forward, request: Request, scope: Scope, receive: Receive, send: Send) -> Response:
        """Send the request on and the answer back; returns what is told of it, without headers and body.

        An answer that ends too early is left unfinished, for which the server closes the connection: the client must
        not take a part for the whole. Raises NoAnswerError before anything is sent.
        """
        if is_loop(request, forward):
            _fail(request, forward, 502, "the origin is this server itself")
        if any(name == b"upgrade" and b"websocket" in value.lower() for name, value in request.headers):
            _refuse(request, forward, NO_WEBSOCKETS)
        if request.method == "CONNECT":  # would make a tunnel of the connection
            _refuse(request, forward, NOT_FORWARDED)
        body = RequestBody(request, receive)
        passing = asyncio.ensure_future(self._pass(forward, request, scope["scheme"], body, send))
        gone = asyncio.ensure_future(body.wait_until_gone())
        try:
            await asyncio.wait({passing, gone}, return_when=asyncio.FIRST_COMPLETED)
            is_sent = passing.done() and isinstance(passing.result(), Response)
            if is_sent and not body.is_whole.is_set():  # to close on its sender would lose the answer
                dropped = asyncio.ensure_future(body.is_whole.wait())
                await asyncio.wait({dropped, gone}, timeout=UNREAD_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                dropped.cancel()
        finally:
            for task in (passing, gone):
                task.cancel()
            await asyncio.wait({passing, gone})
        if passing.cancelled():
            return _tell(forward, _CLIENT_GONE, "canceled")
        passed = passing.result()
        if isinstance(passed, _NoAnswer):
            raise NoAnswerError(passed.response)
        return passed

    async def _pass(
        self, forward: Forward, request: Request, scheme: str, body: RequestBody, send: Send
    ) -> "Response | _NoAnswer":
        """What could not be had is returned, not raised: a task holds its exception, whose traceback may hold the task
        and `send`, and a connection stays open as long as that is held."""
        try:
            return await self._pass_on(forward, request, scheme, body, send)
        except NoAnswerError as failed:
            return _NoAnswer(failed.response)
        except ClientGoneError:
            return _tell(forward, _CLIENT_GONE, "canceled")

    async def _pass_on(
        self, forward: Forward, request: Request, scheme: str, body: RequestBody, send: Send
    ) -> Response:
        async with AsyncExitStack() as opened:
            answer = await self._ask(opened, forward, request, request_headers(request, forward, scheme), body)
            body.is_over.set()  # or the origin did not want the rest
            came = response_headers(answer.headers.raw)
            if came is None:
                _fail(request, forward, 502, "the origin's answer has a header that none may have")
            assert isinstance(answer.stream, httpx.AsyncByteStream)
            pieces = aiter(answer.stream)
            piece = await _read_first(request, forward, pieces)
            await send({"type": "http.response.start", "status": answer.status_code, "headers": came})
            try:
                while piece is not None:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    piece = await anext(pieces, None)
            except _BROKEN_OFF as error:
                return _tell(forward, answer.status_code, "exception", f"the origin broke off ({_describe(error)})")
            await send(_ENDED)
        return _tell(forward, answer.status_code)

    async def _ask(
        self,
        opened: AsyncExitStack,
        forward: Forward,
        request: Request,
        headers: list[tuple[bytes, bytes]],
        body: RequestBody,
    ) -> httpx.Response:
        """The origin's answer, of which the head has come; `opened` closes it."""
        try:
            room = self._bodiless if body.is_empty else self._uploads
            return await opened.enter_async_context(answer_of(room, _write(forward, request, headers, body)))
        except httpx.TimeoutException as error:
            _fail(request, forward, 504, f"the origin took too long ({type(error).__name__})")
        except httpx.LocalProtocolError:
            _refuse(request, forward, NOT_FORWARDED)
        except TimeoutError:
            _refuse(request, forward, BODY_TOO_SLOW)
        except ClientGoneError:
            raise
        except AuthoritiesError as error:
            _fail(request, forward, 502, f"the authorities of `SSL_CERT_FILE` cannot be read ({error})")
        except Exception as error:  # the client gets a page, whatever happens
            _fail(request, forward, 502, f"the origin cannot be asked ({_describe(error)})")


async def _read_first(request: Request, forward: Forward, pieces: AsyncIterator[bytes]) -> bytes | None:
    """The first piece of an answer's body; None if it has none.

    Our server sends no head without it, and would answer with a page of its own if none came.
    """
    try:
        return await anext(pieces, None)
    except httpx.TimeoutException as error:
        _fail(request, forward, 504, f"the origin took too long ({type(error).__name__})")
    except _BROKEN_OFF as error:
        _fail(request, forward, 502, f"the origin broke off ({_describe(error)})")


def _write(forward: Forward, request: Request, headers: list[tuple[bytes, bytes]], body: RequestBody) -> httpx.Request:
    """The request with its target as it came."""
    target = request.path + (b"?" + request.query if request.query else b"")
    extensions = {"target": target, "timeout": _TIMEOUT}
    written = httpx.Request(request.method, forward.url, headers=headers, stream=body, extensions=extensions)
    written.method = request.method  # which it would change to upper case: to the method of another request
    return written


def _tell(forward: Forward, status: int, outcome: Outcome = "ok", why: str = "") -> Response:
    logs = (*forward.logs, Log("error", why)) if why else forward.logs
    return Response(status, (), b"", outcome, forward.tier, forward.release, 0.0, forward.reads, logs)


def _describe(error: BaseException) -> str:
    """The type of a fault, and what is wrong with TLS if that made it."""
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case ssl.SSLCertVerificationError():
                return f"{type(error).__name__}: {cause.verify_message}"
            case ssl.SSLError():
                return f"{type(error).__name__}: {cause.reason}"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


def _fail(request: Request, forward: Forward, status: int, why: str) -> Never:
    """The site's own page for when something is not available now, as 502 or 504."""
    told = _tell(forward, status, "exception", why)
    shown = _respond(request, forward, replace(forward.unavailable, status=status))
    raise NoAnswerError(replace(told, headers=shown.headers, body=shown.body)) from None


def _refuse(request: Request, forward: Forward, answer: Answer) -> Never:
    shown = _respond(request, forward, answer)
    raise NoAnswerError(replace(_tell(forward, answer.status), headers=shown.headers, body=shown.body)) from None


def _respond(request: Request, forward: Forward, answer: Answer) -> Response:
    return respond_alone(request, replace(answer, headers=(*answer.headers, *forward.headers)))

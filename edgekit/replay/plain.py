"""Answers of endpoints in a line of plain text, told to whoever watches as those of pages are."""

from edgekit.replay.asgi import Send
from edgekit.replay.observing import observe
from edgekit.replay.request import Headers, Request
from edgekit.replay.response import Log, Response

_HEADERS: Headers = ((b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"))


async def send_plain(
    send: Send, request: Request, status: int, reason: str, headers: Headers = (), fault: str = "", kind: str = "http"
) -> None:
    """Answer with a status and a reason. `fault` is a critical event, which must name no value.

    `kind` is `websocket.http` where a WebSocket is refused.
    """
    body = f"{reason}\n".encode() if reason else b""
    length = () if status == 204 else ((b"content-length", b"%d" % len(body)),)
    response = build_plain(status, (*_HEADERS, *headers, *length), body, fault)
    await send({"type": f"{kind}.response.start", "status": status, "headers": response.headers})
    await send({"type": f"{kind}.response.body", "body": b"" if request.method == "HEAD" else body})
    observe(request, response)


def build_plain(status: int, headers: Headers = (), body: bytes = b"", fault: str = "") -> Response:
    """The response of no page; with a `fault` it is an exception."""
    logs = (Log("error", fault),) if fault else ()
    return Response(status, headers, body, "exception" if fault else "ok", None, None, 0.0, 0, logs)

"""The paths under `/_edgekit/` that need more than `respond` has: what the server's operators and proxies ask."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from edgekit.replay.admin import refuse_stranger
from edgekit.replay.asgi import Endpoint, Receive, Scope, Send, read_request, send_answer
from edgekit.replay.changes import Changes
from edgekit.replay.exposition import CONTENT_TYPE, format_metrics
from edgekit.replay.health import Health
from edgekit.replay.metrics import Metrics
from edgekit.replay.observing import Observe
from edgekit.replay.options import Options
from edgekit.replay.request import READ_METHODS
from edgekit.replay.response import METHOD_NOT_ALLOWED, NO_STORE, Answer
from edgekit.replay.secrets import Secrets
from edgekit.replay.signal import SIGNAL_PATH, Signal
from edgekit.replay.tail_stream import stream_tail
from edgekit.replay.webhook import WEBHOOK_PATH, webhook


def build_endpoints(
    options: Options, folder: Path, metrics: Metrics, check: Callable[[], Health]
) -> Mapping[bytes, Endpoint]:
    """By exact path. In production without a token, those that need one are not there."""
    endpoints: dict[bytes, Endpoint] = {b"/_edgekit/health": partial(_answer_health, check)}
    token = options.secrets.admin_token
    if token is not None or not options.production:
        endpoints[b"/_edgekit/metrics"] = partial(_answer_metrics, token, metrics, check)
        endpoints[b"/_edgekit/tail"] = partial(stream_tail, token, folder)
    return endpoints


def build_event_endpoints(secrets: Secrets, changes: Changes, observe: Observe) -> Mapping[bytes, Endpoint]:
    """Those by which users change. Each is there if its secret is set."""
    endpoints: dict[bytes, Endpoint] = {}
    if secrets.webhook is not None:
        endpoints[WEBHOOK_PATH] = webhook(secrets.webhook, changes, observe)
    if secrets.admin_token is not None:
        endpoints[SIGNAL_PATH] = Signal(secrets.admin_token, changes, observe)
    return endpoints


_JSON: Final = (b"content-type", b"application/json")


async def _answer_health(check: Callable[[], Health], scope: Scope, receive: Receive, send: Send) -> None:
    """200 with the release, or 503 if there is none to answer from. Strangers may ask."""
    request = read_request(scope)
    if request.method not in READ_METHODS:
        await send_answer(scope, send, request, METHOD_NOT_ALLOWED)
        return
    health = check()
    body = msgspec.json.encode({"release": health.release, "store": "ok" if health.is_readable else "failing"})
    await send_answer(scope, send, request, Answer(200 if health.release else 503, (_JSON, NO_STORE), body + b"\n"))


async def _answer_metrics(
    token: bytes | None,
    metrics: Metrics,
    check: Callable[[], Health],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    request = read_request(scope)
    answer = refuse_stranger(request, token)
    if answer is None and request.method not in READ_METHODS:
        answer = METHOD_NOT_ALLOWED
    if answer is None:
        text = await asyncio.to_thread(format_metrics, metrics.collect(), check().release)
        answer = Answer(200, ((b"content-type", CONTENT_TYPE), NO_STORE), text)
    await send_answer(scope, send, request, answer)

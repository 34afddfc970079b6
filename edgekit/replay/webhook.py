"""`POST /_edgekit/webhook`: events, signed as Standard Webhooks says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import re
import time
from collections.abc import Mapping
from typing import Final

from standardwebhooks.webhooks import Webhook

from edgekit.replay.asgi import BodyTooLargeError, Endpoint, Receive, Scope, Send, drop_body, read_body, read_request
from edgekit.replay.changes import Changes, Verdict, tell_fault
from edgekit.replay.limits import MAX_EVENT_BYTES
from edgekit.replay.observing import Observe
from edgekit.replay.plain import send_plain
from edgekit.replay.request import Request, single_header

WEBHOOK_PATH: Final = b"/_edgekit/webhook"
_SIGNED: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
_WINDOW: Final = 300
"""Seconds that a timestamp may be off, as `Webhook.verify` has it."""


def webhook(secret: bytes, changes: Changes, observe: Observe) -> Endpoint:
    """The endpoint; 204 means that the event was applied, or that it had no effect by the rules of order.

    `observe` is told of faults.
    """
    verifier = Webhook(secret)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = read_request(scope)
        if request.method != "POST":
            await send_plain(scope, send, request, 405, "Only POST is answered here.", ((b"allow", b"POST"),))
            await drop_body(request, receive)
            return
        try:
            body = await read_body(request, receive, MAX_EVENT_BYTES)
        except BodyTooLargeError:
            await send_plain(scope, send, request, 413, f"An event has at most {MAX_EVENT_BYTES:,} bytes.")
            await drop_body(request, receive)
            return
        except TimeoutError:
            await send_plain(scope, send, request, 408, "The event did not arrive in time.")
            return
        if body is None:  # the sender is gone
            return
        verdict = await _judge(verifier, changes, request, body)
        await send_plain(scope, send, request, verdict.status, verdict.reason)
        tell_fault(observe, request, verdict)

    return answer


async def _judge(verifier: Webhook, changes: Changes, request: Request, body: bytes) -> Verdict:
    signed = {name: (single_header(request, name.encode()) or b"").decode("latin-1") for name in _SIGNED}
    try:
        verifier.verify(body, signed, json_parse=False)
    except Exception:  # beside its own error the library lets through what malformed headers lead to
        return Verdict(401, _find_reason(signed))
    return await changes.apply(signed["webhook-id"], body)


def _find_reason(signed: Mapping[str, str]) -> str:
    """Why an event is not believed. It tells nothing of the secret: names and times are the sender's own."""
    missing = [name for name, value in signed.items() if not value]
    if missing:
        return f"The header {missing[0]} is missing, or comes more than once."
    written = signed["webhook-timestamp"]
    if not re.fullmatch("[0-9]{1,12}", written) or abs(time.time() - int(written)) > _WINDOW:
        return "The header webhook-timestamp is not a time of the last five minutes, in Unix seconds."
    return "No signature in the header webhook-signature fits this body and this server's secret."

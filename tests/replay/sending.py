"""A program that sends events, signed webhooks and signals on a WebSocket; and a page that shows what they change."""

import http.client
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from standardwebhooks.webhooks import Webhook
from websockets.sync.client import ClientConnection, connect

from tests.replay.wire import fetch

KEY: Final = bytes(range(32))
SECRET: Final = "whsec_" + b64encode(KEY).decode()
TOKEN: Final = "token of the tests"
ENVIRONMENT: Final = {"EDGEKIT_WEBHOOK_SECRET": SECRET, "EDGEKIT_ADMIN_TOKEN": TOKEN}

PAGE: Final[dict[str, Any]] = {
    "slots": {"NAME": {"from": "user.name", "default": "nobody", "max_length": 40}},
    "segments": {"free": {}, "vip": {}},
    "pages": {"/": {"free": "free {NAME}", "vip": "vip {NAME}"}},
}

_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


def event_body(user: str, second: int, type: str = "user.updated", **fields: Any) -> dict[str, Any]:
    """An event that happened in this second of the year."""
    timestamp = (_EPOCH + timedelta(seconds=second)).isoformat()
    return {"type": type, "timestamp": timestamp, "data": {"id": user, **fields}}


def page_of(port: int, user: str) -> str:
    """What the user is shown."""
    return fetch(port, "/", {"x-user-id": user})[1]


def signed(message: str, body: bytes, key: bytes = KEY, seconds_ago: float = 0) -> dict[str, str]:
    """The headers of a webhook."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(key).sign(message, moment, body.decode()),
    }


def post(port: int, body: bytes, headers: dict[str, str], method: str = "POST") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, "/_edgekit/webhook", body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def send_webhook(port: int, message: str, event: dict[str, Any]) -> int:
    body = json.dumps(event).encode()
    return post(port, body, signed(message, body))[0]


def open_signal(port: int, token: str | None = TOKEN, **headers: str) -> ClientConnection:
    authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
    return connect(
        f"ws://127.0.0.1:{port}/_edgekit/signal",
        additional_headers={**authorization, **headers},
        proxy=None,
        max_size=None,
    )


def send_signal(connection: ClientConnection, message: str, event: dict[str, Any]) -> int:
    """Its acknowledgement's status."""
    connection.send(json.dumps({"id": message, **event}))
    acknowledged = json.loads(connection.recv(timeout=30))
    assert acknowledged == {"id": message, "status": acknowledged["status"]}
    return int(acknowledged["status"])

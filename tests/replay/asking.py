"""Asking a store in this process, as a proxy of this machine does for a user."""

from typing import Final

from edgekit.replay.core import respond
from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore

NOW: Final = 1_000_000_000


def ask(store: ReplayStore, path: str = "/", user: str | None = "u1", query: str = "") -> Response:
    headers = ((b"x-user-id", user.encode()),) if user else ()
    return respond(Request(path.encode(), NOW, query=query.encode(), headers=headers, peer="127.0.0.1"), store)

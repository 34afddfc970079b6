"""Changes of users while serving: events from webhooks and signals, applied aside of the thread that answers."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from msgspec.structs import replace

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.event import parse_event
from edgekit.kv.events import apply_event
from edgekit.kv.store import LmdbStore
from edgekit.replay.bug import describe_bug
from edgekit.replay.limits import MAX_EVENTS_WAITING
from edgekit.replay.observing import Observe
from edgekit.replay.request import Request
from edgekit.replay.response import Answer, Log, respond_alone

MAX_ID: Final = 256
"""Characters of a message's id."""
_TOO_LARGE: Final = "EK422"


class Verdict(NamedTuple):
    """What became of an event: an HTTP status, and why it is not 204. `fault` is told of a 503 and names no value."""

    status: int
    reason: str = ""
    fault: str = ""


def tell_fault(observe: Observe, request: Request, verdict: Verdict) -> None:
    """Tell of a fault, if there is one, as of a request that met it."""
    if verdict.fault:
        response = respond_alone(request, Answer(verdict.status, (), b""))
        observe(request, replace(response, outcome="exception", logs=(Log("error", verdict.fault),)))


class Changes:
    """Applies events to a store; one for the life of a worker.

    A transaction waits for the disk, and for those of other processes. So they are made in one thread of their own:
    more would wait for each other, and in the thread that answers no page would be answered meanwhile.
    """

    def __init__(self, store: LmdbStore, lag: float = 0) -> None:
        self._store = store
        self._lag = lag
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="edgekit-changes")
        self._waiting = 0

    async def apply(self, message: str, body: bytes) -> Verdict:
        """Apply the event in the body of the message with this id; nothing is raised."""
        if self._waiting >= MAX_EVENTS_WAITING:
            return Verdict(503, "Too many events are waiting.", "too many events are waiting")
        self._waiting += 1
        task = asyncio.get_running_loop().run_in_executor(self._thread, self._apply, message, body)
        task.add_done_callback(self._end)
        return await asyncio.shield(task)

    def _end(self, _: object) -> None:
        self._waiting -= 1

    def _apply(self, message: str, body: bytes) -> Verdict:
        try:
            if not 1 <= len(message) <= MAX_ID:
                raise ValueError(f"the message's id must have 1 to {MAX_ID} characters")
            event = parse_event(body)
            apply_event(self._store, message, event, time.time(), self._lag)
        except ValueError as error:
            return Verdict(400, f"This is no event: {error}.")
        except EdgekitError as error:
            found = error.diagnostics[0]
            if found.code == _TOO_LARGE:
                return Verdict(400, f"This event was not applied: {found.message}.")
            return Verdict(503, "Users cannot be changed now.", f"{found.code} {found.message}")
        except Exception as error:  # the sender gets an answer, whatever happens
            return Verdict(503, "Users cannot be changed now.", describe_bug(error))
        return Verdict(204)

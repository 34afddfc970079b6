"""The tail: what happened to a request, as one JSON line (contract, sections 8 and 12).

Apart from the path it never holds a slot's value.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec

from edgekit.model.path import MAX_PATH_BYTES, canonical_path
from edgekit.replay.request import Request
from edgekit.replay.response import Log, Outcome, Response

_SHORT_PATH: Final = 30


class TailEvent(msgspec.Struct, frozen=True):
    """`timestamp` is RFC 3339 in UTC; `path` canonical if it can be, without its query; what is absent is None."""

    timestamp: str
    outcome: Outcome
    path: str
    status: int
    tier: str | None
    release: str | None
    cpu_us: int
    reads: int
    logs: tuple[Log, ...]


class Dropped(msgspec.Struct, frozen=True):
    """So many events were left out, because who listens is too slow for them."""

    dropped: int


def build_event(request: Request, response: Response) -> TailEvent:
    path = canonical_path(request.path)
    moment = datetime.fromtimestamp(request.now, UTC).isoformat(timespec="milliseconds")
    return TailEvent(
        timestamp=moment.replace("+00:00", "Z"),
        outcome=response.outcome,
        path=path if isinstance(path, str) else request.path[:MAX_PATH_BYTES].decode("ascii", "backslashreplace"),
        status=response.status,
        tier=response.tier,
        release=response.release,
        cpu_us=round(response.cpu * 1_000_000),
        reads=response.reads,
        logs=response.logs,
    )


def encode_event(event: TailEvent | Dropped) -> bytes:
    """One line of JSON, without its line end."""
    return msgspec.json.encode(event)


def encode_within(event: TailEvent, limit: int) -> bytes:
    """The same in at most `limit` bytes, 512 at least: the last logs and the path's end are left out."""
    line = encode_event(event)
    logs = event.logs
    while len(line) > limit and logs:
        logs = logs[: len(logs) // 2]
        left_out = Log("warn", f"{len(event.logs) - len(logs)} more logs")
        line = encode_event(msgspec.structs.replace(event, logs=(*logs, left_out)))
    if len(line) > limit:
        path = event.path[:_SHORT_PATH] + "…"
        line = encode_event(msgspec.structs.replace(event, path=path, logs=event.logs and (left_out,)))
    return line


def is_critical(response: Response) -> bool:
    """Did something go wrong? Nobody samples these. That a client goes is its own matter, and may happen often."""
    return bool(response.logs) or response.outcome not in {"ok", "canceled"}

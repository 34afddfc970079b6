"""The tail: what happened to a request, as one JSON line (contract, sections 8 and 12).

Apart from the path it never holds a slot's value.
"""

from datetime import UTC, datetime

import msgspec

from edgekit.model.path import MAX_PATH_BYTES, canonical_path
from edgekit.replay.request import Request
from edgekit.replay.response import Log, Outcome, Response


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


def encode_event(event: TailEvent) -> bytes:
    """One line of JSON, without its line end."""
    return msgspec.json.encode(event)

"""An event: a change of one user that another program tells of, in the body of a webhook or of a signal.

{"type": "user.updated", "timestamp": "2026-11-23T10:00:00Z", "data": {"id": "u1", "tier": "premium"}}
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.limits import encode_key
from edgekit.kv.record import Record, check_depth

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Event(msgspec.Struct, frozen=True):
    """`at` is when it happened, in microseconds since 1970, as its sender says.

    `fields` are merged into the user's record, where None removes one; None for all deletes the user.
    """

    user: str
    at: int
    fields: Record | None


class _Body(msgspec.Struct, frozen=True):
    type: Literal["user.updated", "user.deleted"]
    timestamp: Annotated[datetime, msgspec.Meta(tz=True)]
    data: dict[str, Any]


_decode = msgspec.json.Decoder(_Body).decode


def parse_event(body: bytes) -> Event:
    """Raises ValueError with what is wrong, which names no value of the body's."""
    try:
        parsed = _decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
    check_depth(body)
    user = parsed.data.get("id")
    if not isinstance(user, str):
        raise ValueError("`data` has no `id` that is a string")
    try:
        encode_key(user)
    except EdgekitError:
        raise ValueError("the `id` of `data` is no key that a store takes: 1 to 511 bytes of UTF-8") from None
    fields = {name: value for name, value in parsed.data.items() if name != "id"}
    at = (parsed.timestamp - _EPOCH) // _MICROSECOND
    return Event(user, at, fields if parsed.type == "user.updated" else None)

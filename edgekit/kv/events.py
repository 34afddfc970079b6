"""Applying events to USER_SEGMENTS: each once, in the order in which they happened, whatever the order they come in.

Everything that an event changes, and that it was received, is one transaction. LMDB lets one process write at a time,
so any number of workers are as one that applies events one after the other.
"""

from typing import Final

from edgekit.kv.earlier import forget_earlier, keep_earlier
from edgekit.kv.event import Event
from edgekit.kv.event_log import last_applied, remember, was_seen
from edgekit.kv.record import Record, decode_record, encode_record, expiry
from edgekit.kv.releases import current_ttl
from edgekit.kv.store import LmdbStore
from edgekit.kv.transaction import WriteTransaction
from edgekit.model.expiry import is_expired
from edgekit.model.keys import USER_SEGMENTS, hash_id

MIN_KEPT: Final = 1_200
"""Seconds that an event is remembered at least, else as long as a user's record. If its sender's clock is five minutes
ahead, a signature counts for ten, and a part of a second more; what came within them may then wait for other writers.
Until it is applied, what somebody sends again must be known."""

MAX_LAG: Final = 300
"""Seconds, fewer than `MIN_KEPT`: what a lag shows goes with what is remembered of the event."""


def apply_event(store: LmdbStore, message: str, event: Event, now: float, lag: float = 0) -> bool:
    """Apply what came in the message with this id, and remember it; `lag` is for how many seconds nobody sees it.

    False if it changed nothing: its message was received before, or a later event of its user was applied before.
    Raises EK422 if the record would become too large, ValueError if a text in it is not well-formed Unicode, and what
    writing to a store raises; then it was not received.
    """
    with store.write() as txn:
        if was_seen(txn, message):
            return False
        ttl = current_ttl(txn).user
        last = last_applied(txn, event.user)
        applies = last is None or last <= event.at
        if applies:
            stored = txn.get(USER_SEGMENTS, event.user)
            keep_earlier(txn, hash_id(event.user), stored, now, lag)
            if event.fields is None:
                txn.delete(USER_SEGMENTS, event.user)
            else:
                record = _merge(stored, event.fields, now)
                txn.put(USER_SEGMENTS, event.user, encode_record(f"user `{event.user}`", record, expiry(now, ttl)))
        remember(txn, message, event.user, event.at if applies else None, now, _forgotten_at(now, ttl))
        return applies


def remember_change(txn: WriteTransaction, user: str, now: float) -> None:
    """Remember that somebody changes the user's record now and by no event: older events that come later do nothing.

    It counts as the last of all that were applied, also where a sender's clock is ahead; it is seen without a lag.
    """
    forget_earlier(txn, hash_id(user))
    at = int(now * 1_000_000)
    last = last_applied(txn, user)
    remember(txn, None, user, at if last is None else max(at, last), now, _forgotten_at(now, current_ttl(txn).user))


def _forgotten_at(now: float, ttl: int) -> int:
    return expiry(now, ttl and max(ttl, MIN_KEPT))


def _merge(stored: bytes | None, fields: Record, now: float) -> Record:
    """What is merged into an expired or damaged record begins a new one: replay shows neither."""
    try:
        expires, record = decode_record(stored or b"")
        if is_expired(expires, now):
            record = {}
    except ValueError:
        record = {}
    return {name: value for name, value in {**record, **fields}.items() if value is not None}

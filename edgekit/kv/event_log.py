"""What a store remembers of events: the ids of their messages, and when each user's last one happened.

A log has one entry an event, numbered in the order in which they were received, with the SHA-256 of the message's id
and of the user's. Two records lead into it: from a message to its number, and from a user to the number and time of the
event that was last applied. What is deleted leaves no more than that: it is the tombstone. Entries go from the log's
begin, with what leads to them, once they have expired or are too many; so all of it is bounded by the log's length.
"""

import struct
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Final

from edgekit.kv.earlier import forget_earlier
from edgekit.kv.transaction import LmdbSnapshot, WriteTransaction
from edgekit.model.expiry import is_expired, seal, unseal
from edgekit.model.keys import EDGEKIT, EVENTS, applied_key, event_key, hash_id, message_key

MAX_EVENTS: Final = 1_000_000
"""Entries of the log: some 500 MB of the file."""
_SWEPT: Final = 8
"""Entries that one event may remove: more than it adds, so that the log gets shorter, and few, so that none is late."""

_HASH_BYTES: Final = 32
_NUMBER: Final = struct.Struct(">Q")
_APPLIED: Final = struct.Struct(">Qq")
_PREFIX: Final = EVENTS.encode()


def was_seen(txn: WriteTransaction, message: str) -> bool:
    """Was an event received in a message with this id?"""
    return txn.get(EDGEKIT, message_key(hash_id(message))) is not None


def last_applied(txn: WriteTransaction, user: str) -> int | None:
    """When the event happened that was last applied to the user, in microseconds since 1970; None if none is known."""
    applied = _read_applied(txn, hash_id(user))
    return None if applied is None else applied[1]


def remember(txn: WriteTransaction, message: str | None, user: str, at: int | None, now: float, expires: int) -> None:
    """Add an event to the log, and remove what has expired. `at` is None if it was not applied to its user.

    What came in no message, but from somebody at this machine, has `message` None.
    """
    number = _next_number(txn)
    message_hash = _hash_number(number) if message is None else hash_id(message)
    user_hash = hash_id(user)
    txn.put(EDGEKIT, event_key(number), seal(bytes.fromhex(message_hash + user_hash), expires))
    txn.put(EDGEKIT, message_key(message_hash), _NUMBER.pack(number))
    if at is not None:
        txn.put(EDGEKIT, applied_key(user_hash), _APPLIED.pack(number, at))
    # Last: what is kept of the user for this event is not to go with one that has expired.
    _sweep(txn, number, now)


def check_log(snapshot: LmdbSnapshot, kind: str, rest: str, value: bytes) -> None:
    """Check the record with the key `{kind}{rest}`. Raises ValueError if it is not one of the log's."""
    if kind == EVENTS:
        message_hash, _ = _read_entry(value)
        if snapshot.get(EDGEKIT, message_key(message_hash)) != _NUMBER.pack(int(rest, 16)):
            raise ValueError("its message leads elsewhere")
        return
    form, place = (_NUMBER, 0) if kind == message_key("") else (_APPLIED, 1)
    if len(value) != form.size:
        raise ValueError(f"it has {len(value)} bytes")
    entry = snapshot.get(EDGEKIT, event_key(form.unpack(value)[0]))
    if entry is None or _read_entry(entry)[place] != rest:
        raise ValueError("it leads to another event")


def _sweep(txn: WriteTransaction, number: int, now: float) -> None:
    """Remove what has expired, and what is too much beside the entry of this number, the newest."""
    for key, value in list(_old_entries(txn, number - MAX_EVENTS, now)):
        message_hash, user_hash = _read_entry(value)
        txn.delete(EDGEKIT, key)
        txn.delete(EDGEKIT, message_key(message_hash))
        applied = _read_applied(txn, user_hash)
        if applied is not None and applied[0] == _number(key):
            txn.delete(EDGEKIT, applied_key(user_hash))
            forget_earlier(txn, user_hash)


def _old_entries(txn: WriteTransaction, excess: int, now: float) -> Iterator[tuple[bytes, bytes]]:
    for key, value in islice(txn.scan(EDGEKIT, _PREFIX), _SWEPT):
        if _number(key) > excess and not is_expired(unseal(value)[0], now):
            return
        yield key, value


def _next_number(txn: WriteTransaction) -> int:
    last = txn.last_key(EDGEKIT, _PREFIX)
    return 0 if last is None else _number(last) + 1


def _read_entry(stored: bytes) -> tuple[str, str]:
    """The hashes of the message's id and of the user's."""
    raw = unseal(stored)[1]
    if len(raw) != 2 * _HASH_BYTES:
        raise ValueError(f"it has {len(stored)} bytes")
    return raw[:_HASH_BYTES].hex(), raw[_HASH_BYTES:].hex()


def _read_applied(txn: WriteTransaction, user_hash: str) -> tuple[int, int] | None:
    stored = txn.get(EDGEKIT, applied_key(user_hash))
    if stored is None:
        return None
    number, at = _APPLIED.unpack(stored)
    return number, at


def _hash_number(number: int) -> str:
    """The hash of no message's id, for it is of no UTF-8."""
    return sha256(b"\xff" + _NUMBER.pack(number)).hexdigest()


def _number(key: bytes) -> int:
    return int(key[len(_PREFIX) :], 16)

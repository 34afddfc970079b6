"""Records as they were before an event changed them: what `serve --lag` shows until the lag is over.

They stand beside the users, so every worker and every other program that serves with a lag shows the same.
"""

from typing import Final

import msgspec

from edgekit.kv.transaction import WriteTransaction
from edgekit.model.keys import EDGEKIT, earlier_key

MAX_EARLIER: Final = 8
"""Records that are kept of a user. Of more changes within a lag, those in the middle are seen with a later one."""


class Earlier(msgspec.Struct, frozen=True, array_like=True):
    """`stored` is what USER_SEGMENTS had, None for nothing; it is shown before `until`, in Unix seconds."""

    until: float
    stored: bytes | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Earlier, ...]).decode


def decode_earlier(raw: bytes) -> tuple[Earlier, ...]:
    """In the order in which they are shown. Raises msgspec.MsgspecError if `raw` is no such record."""
    return _decode(raw)


def shown_earlier(raw: bytes, now: float) -> Earlier | None:
    """What is still shown; None if it is what USER_SEGMENTS has. Raises msgspec.MsgspecError."""
    return next((earlier for earlier in decode_earlier(raw) if now < earlier.until), None)


def keep_earlier(txn: WriteTransaction, user_hash: str, stored: bytes | None, now: float, lag: float) -> None:
    """Keep what USER_SEGMENTS has, which is about to change. `user_hash` is the SHA-256 of the user's id, in hex."""
    if not lag:
        forget_earlier(txn, user_hash)
        return
    try:
        kept = list(decode_earlier(txn.get(EDGEKIT, earlier_key(user_hash)) or b"\x90"))
    except msgspec.MsgspecError:
        kept = []
    kept = [earlier for earlier in kept if now < earlier.until]
    if len(kept) == MAX_EARLIER:
        kept[-1] = Earlier(now + lag, kept[-1].stored)
    else:
        kept.append(Earlier(now + lag, stored))
    txn.put(EDGEKIT, earlier_key(user_hash), _encode(kept))


def has_earlier(txn: WriteTransaction) -> bool:
    """Is anything kept of anybody?"""
    return next(txn.scan(EDGEKIT, earlier_key("").encode()), None) is not None


def forget_earlier(txn: WriteTransaction, user_hash: str) -> None:
    txn.delete(EDGEKIT, earlier_key(user_hash))

"""Users' records: read, replaced, deleted, exported and counted. `user_import` reads files of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from edgekit.diagnostics.diagnostic import failure
from edgekit.kv.events import remember_change
from edgekit.kv.limits import encode_key
from edgekit.kv.record import Record, decode_record, encode_record, read_object
from edgekit.kv.store import LmdbStore
from edgekit.model.expiry import is_expired
from edgekit.model.keys import USER_SEGMENTS


class User(msgspec.Struct, frozen=True):
    """A stored user. `record` is without the id; `expires` is in Unix seconds, 0 = never."""

    id: str
    record: Record
    expires: int


class UserStats(msgspec.Struct, frozen=True):
    """How many users there are; how many have expired or cannot be read; and the rest by their fields' values.

    A key of `groups` has a field's value each: text as it is, None where it is absent, other values as JSON.
    """

    total: int
    expired: int
    damaged: int
    groups: dict[tuple[str | None, ...], int]


def get_user(store: LmdbStore, id: str) -> User | None:
    """The user, expired or not; None if there is none. Raises EK435 if the record is damaged."""
    with store.snapshot() as snapshot:
        stored = snapshot.get(USER_SEGMENTS, id)
    if stored is None:
        return None
    try:
        expires, record = decode_record(stored)
    except ValueError:
        raise _damaged(id) from None
    return User(id, record, expires)


def put_user(store: LmdbStore, id: str, json: bytes, expires: int, now: float) -> Record:
    """Replace the user's whole record by a JSON object (an `id` in it must be the same and is not stored); returns it.

    Events of before `now` that come later do nothing.
    Raises EK420 (id), EK422 (too large), EK436 (no JSON object).
    """
    key = encode_key(id)
    try:
        record = read_object(json)
        if record.pop("id", id) != id:
            raise ValueError("its `id` is another")
        value = encode_record(f"user `{id}`", record, expires)
    except ValueError as error:
        raise failure(
            "EK436", f"the record of user `{id}` is no JSON object: {error}", help='write it as `{"tier": "premium"}`'
        ) from None
    with store.write() as txn:
        remember_change(txn, id, now)
        txn.put(USER_SEGMENTS, key, value)
    return record


def delete_user(store: LmdbStore, id: str, now: float) -> bool:
    """Whether there was one. Events of before `now` that come later make none. Raises EK420."""
    key = encode_key(id)
    with store.write() as txn:
        remember_change(txn, id, now)
        return txn.delete(USER_SEGMENTS, key)


def count_users(store: LmdbStore) -> int:
    with store.snapshot() as snapshot:
        return snapshot.count(USER_SEGMENTS)


def export_users(store: LmdbStore, now: float) -> Iterator[bytes]:
    """JSON lines with the id first, in byte order of ids, without the expired; one moment of the store.

    Raises EK435 at a damaged record.
    """
    encode = msgspec.json.Encoder().encode
    with store.snapshot() as snapshot:
        for key, stored in snapshot.scan(USER_SEGMENTS):
            try:
                expires, record = decode_record(stored)
                id = key.decode()
            except ValueError:
                raise _damaged(key.decode(errors="replace")) from None
            if not is_expired(expires, now):
                yield encode({"id": id, **record}) + b"\n"


def count_users_by(store: LmdbStore, fields: Sequence[str], now: float) -> UserStats:
    """Count users by the values of these fields."""
    encode = msgspec.json.Encoder().encode
    groups: Counter[tuple[str | None, ...]] = Counter()
    total = expired = damaged = 0

    def written(value: Any) -> str | None:
        return value if value is None or isinstance(value, str) else encode(value).decode()

    with store.snapshot() as snapshot:
        for _, stored in snapshot.scan(USER_SEGMENTS):
            total += 1
            try:
                expires, record = decode_record(stored)
            except ValueError:
                damaged += 1
                continue
            if is_expired(expires, now):
                expired += 1
            else:
                groups[tuple(written(record.get(field)) for field in fields)] += 1
    return UserStats(total, expired, damaged, dict(sorted(groups.items(), key=lambda item: (-item[1], str(item[0])))))


def _damaged(id: str) -> Exception:
    return failure(
        "EK435",
        f"the record of user `{id}` is damaged",
        help="put it again, or delete it; `edgekit verify` finds all of them",
        status=1,
    )

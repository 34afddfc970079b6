"""The floor: what no replay can do without, in a bare loop over a raw LMDB file.

The same look-ups, one msgspec decode of the record, the same escaping of the same values, one join. Nothing is routed,
checked, bounded or retried, and no header is made.
"""

from collections.abc import Callable
from pathlib import Path

import lmdb
import msgspec
from markupsafe import escape

from edgekit.model.expiry import EXPIRY_BYTES
from edgekit.model.keys import PAGE_TPL, USER_SEGMENTS
from tests.bench.page import FIELDS, PATH, TIERS
from tests.replay.published import find_cuts

Answer = Callable[[bytes], bytes]


def make_floors(file: Path, fragments: dict[str, str]) -> tuple[Answer, Answer]:
    """Two floors: each value escaped by a call of its own, and all of them by one call."""
    environment = lmdb.open(str(file), subdir=False, readonly=True, lock=False, max_dbs=16)
    users = environment.open_db(USER_SEGMENTS.encode(), create=False)
    pages = environment.open_db(PAGE_TPL.encode(), create=False)
    decode = msgspec.json.Decoder().decode
    parts = {}
    with environment.begin() as txn:
        for tier in TIERS:
            body = fragments[tier].encode()
            digest = txn.get(f"{PATH}:{tier}".encode(), db=pages)[EXPIRY_BYTES:]
            parts[digest] = _cut(body)

    def look_up(user: bytes) -> tuple[dict[str, str], list[bytes]]:
        with environment.begin() as txn:
            record = decode(txn.get(user, None, users)[EXPIRY_BYTES:])
            name = txn.get(f"{PATH}:{record['tier']}".encode(), None, pages)[EXPIRY_BYTES:]
        return record, parts[name].copy()

    def escape_each(user: bytes) -> bytes:
        record, pieces = look_up(user)
        pieces[1::2] = [escape(record[field]).encode() for field in FIELDS]
        return b"".join(pieces)

    def escape_at_once(user: bytes) -> bytes:
        record, pieces = look_up(user)
        pieces[1::2] = escape("\0".join([record[field] for field in FIELDS])).encode().split(b"\0")
        return b"".join(pieces)

    return escape_each, escape_at_once


def _cut(body: bytes) -> list[bytes]:
    """Literals, with room for a value between each two."""
    pieces, end = [], 0
    for cut in find_cuts(body):
        pieces += [body[end : cut.start], b""]
        end = cut.end
    return [*pieces, body[end:]]

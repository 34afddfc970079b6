"""Records: JSON objects behind an expiry, as USER_SEGMENTS and SEGMENT_CONFIG hold them."""

import re
from itertools import accumulate
from typing import Any, Final

import msgspec

from edgekit.kv.limits import check_record
from edgekit.model.expiry import seal, unseal

Record = dict[str, Any]

MAX_DEPTH: Final = 100
"""Lists and objects within each other, of what is given as a record. Python reads some 990, but fewer the deeper its
own calls are: what an event's thread could write, a request could not read, and an export not at all."""

_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"')
_BRACKET: Final = re.compile(rb"[\[\]{}]")

_decode = msgspec.json.Decoder(Record).decode
_encode = msgspec.json.Encoder().encode


def decode_object(raw: bytes) -> Record:
    """Raises ValueError if `raw` is no JSON object."""
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None


def read_object(raw: bytes) -> Record:
    """The object that is given as a record. Raises ValueError as `decode_object` and `check_depth` do."""
    record = decode_object(raw)
    check_depth(raw)
    return record


def check_depth(raw: bytes) -> None:
    """Raises ValueError for JSON that is nested deeper than a record may be."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return
    brackets = _BRACKET.findall(_STRING.sub(b"", raw))
    if max(accumulate(1 if bracket in b"[{" else -1 for bracket in brackets)) > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")


def encode_object(name: str, record: Record) -> bytes:
    """Compact JSON, in the record's order.

    Raises EK422 (`name` says whose record is too large), ValueError for text that is not well-formed Unicode.
    """
    raw = _encode(record)
    check_record(name, raw)
    return raw


def decode_record(stored: bytes) -> tuple[int, Record]:
    """Expiry and record. Raises ValueError if `stored` is none."""
    expires, raw = unseal(stored)
    return expires, decode_object(raw)


def encode_record(name: str, record: Record, expires: int) -> bytes:
    """Raises as `encode_object`."""
    return seal(encode_object(name, record), expires)


def expiry(now: float, ttl: int) -> int:
    """When a record written now expires: never, if `ttl` is 0."""
    return int(now) + ttl if ttl else 0

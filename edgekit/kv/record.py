"""Records: JSON objects behind an expiry, as USER_SEGMENTS and SEGMENT_CONFIG hold them."""

from typing import Any

import msgspec

from edgekit.kv.limits import check_record
from edgekit.model.expiry import seal, unseal

Record = dict[str, Any]

_decode = msgspec.json.Decoder(Record).decode
_encode = msgspec.json.Encoder().encode


def decode_object(raw: bytes) -> Record:
    """Raises ValueError if `raw` is no JSON object."""
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None


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

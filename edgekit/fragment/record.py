"""Reading the JSON object of a user or of a tier's configuration, as JavaScript's `JSON.parse` would read it."""

import json
from typing import Any, Final, NoReturn

import msgspec

from edgekit.fragment.values import is_well_formed

_LONGEST_EXACT: Final = 400
"""Digits: an integer with more is beyond every IEEE double, and Python refuses to read the longest ones."""

_decode = msgspec.json.Decoder().decode


def decode_record(raw: bytes) -> dict[str, Any]:
    """The object in `raw`; of a repeated key the last value; every string that is a value of a key is well-formed.

    msgspec refuses a whole document for one number out of range or one lone surrogate, JavaScript does not. Such a
    document is read again with care, so that an odd value spoils only its own slot: a string that is ill-formed, or
    whose bytes are no UTF-8, becomes None.
    Raises ValueError if `raw` is no JSON object, or nested deeper than Python reads (about 1,000 levels).
    """
    try:
        record = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        record = _decode_with_care(raw)
    if not isinstance(record, dict):
        raise ValueError("a record is a JSON object")
    return record


def _decode_with_care(raw: bytes) -> Any:
    try:
        record = _careful.decode(raw.decode("utf-8", "surrogateescape"))
    except RecursionError:
        raise ValueError("the record is nested too deeply") from None
    if isinstance(record, dict):
        for key, value in record.items():
            if isinstance(value, str) and not is_well_formed(value):
                record[key] = None
    return record


def _read_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_EXACT else float(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_careful = json.JSONDecoder(parse_int=_read_integer, parse_constant=_refuse)

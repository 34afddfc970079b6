"""What a request says: the values of `request.*` slots (contract, sections 3 and 12)."""

import re
from functools import cache
from typing import Final

from edgekit.fragment.values import Value, accept_text, default_value, format_value, longest_value
from edgekit.model.slot import Slot
from edgekit.replay.cookies import find_cookies
from edgekit.replay.identity.identification import Identification
from edgekit.replay.request import Request, single_header

_PRINTABLE: Final = re.compile(rb"[\x20-\x7e]*")
_BLANK: Final = b" \t"
_CODE_POINT_BYTES: Final = 12
"""Four bytes at most, and each escaped as three."""
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


def read_request(slot: Slot, request: Request, path: str, identification: Identification) -> str:
    """What a fragment is filled with for a `request.*` slot."""
    return format_value(request_value(slot, request, path, identification))


def request_value(slot: Slot, request: Request, path: str, identification: Identification) -> Value:
    """The value of a `request.*` slot; `path` is the canonical, decoded one.

    What a stranger says of who they are is dropped for slots, too.
    """
    value = accept_text(slot, _read_text(slot, request, path, identification))
    return default_value(slot, {}) if value is None else value


def _read_text(slot: Slot, request: Request, path: str, identification: Identification) -> str | None:
    kind, _, name = slot.field.partition(".")
    match kind:
        case "path":
            return path
        case "query":
            return read_query(request.query, name.encode(), longest_value(slot))
        case "cookie":
            return read_cookie(single_header(request, b"cookie"), name.encode())
    header = name.lower().encode() if kind == "header" else b"host"
    if identification.hides(header, request):
        return None
    return _printable(single_header(request, header))


def read_query(query: bytes, name: bytes, longest: int) -> str | None:
    """The first value of `name`, read as WHATWG's `application/x-www-form-urlencoded`.

    None if it is no UTF-8. A value that must have more than `longest` code points is None, too, and is not decoded.
    """
    pair = _pair_of(name).search(b"&" + query)
    value = b"" if pair is None else pair[1] or b""
    if pair is None or len(value) > longest * _CODE_POINT_BYTES:
        return None
    try:
        return _form_decode(value).decode()
    except UnicodeDecodeError:
        return None


@cache
def _pair_of(name: bytes) -> re.Pattern[bytes]:
    """A pair with this key, in any spelling of it; group 1 is the value.

    A search, because a head of 64 KiB may hold as many pairs: decoding the keys of all would take a whole budget.
    """
    key = b"".join(map(_spellings, name))
    return re.compile(b"&" + key + rb"(?:=([^&]*)|(?=&|\Z))")


def _spellings(byte: int) -> bytes:
    """A pattern for what is decoded to the byte."""
    raw = bytes([byte])
    if raw == b"%":  # one that no two hexadecimal digits follow stands for itself
        literal = rb"|%(?![0-9A-Fa-f]{2})"
    elif raw == b" ":
        literal = rb"|[ +]"
    else:
        literal = b"" if raw in b"&=+" else b"|" + re.escape(raw)
    return rb"(?:%%(?i:%02x)%s)" % (byte, literal)


def read_cookie(cookies: bytes | None, name: bytes) -> str | None:
    """The first cookie called `name`, neither unquoted nor decoded; None if it has unprintable bytes."""
    values = find_cookies(cookies, name)
    return _printable(values[0]) if values else None


def _form_decode(text: bytes) -> bytes:
    # `unquote_to_bytes` raises and catches an exception for each `%` that is no escape: 25 ms for 64 KiB of them.
    return _ESCAPE.sub(_read_escape, text.replace(b"+", b" ")) if b"+" in text or b"%" in text else text


def _read_escape(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape[1].decode())


def _printable(value: bytes | None) -> str | None:
    """Bytes 0x20 to 0x7E as text, trimmed; None for all others."""
    if value is None:
        return None
    trimmed = value.strip(_BLANK)
    return trimmed.decode("ascii") if _PRINTABLE.fullmatch(trimmed) else None

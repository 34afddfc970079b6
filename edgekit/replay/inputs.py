"""What a request says: the values of `request.*` slots (contract, sections 3 and 12)."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from edgekit.fragment.values import Value, accept_text, default_value, format_value
from edgekit.model.slot import Slot
from edgekit.replay.identity import HeaderIdentity
from edgekit.replay.request import Request, single_header

_PRINTABLE: Final = re.compile(rb"[\x20-\x7e]*")
_BLANK: Final = b" \t"


def read_request(slot: Slot, request: Request, path: str, identity: HeaderIdentity) -> str:
    """What a fragment is filled with for a `request.*` slot."""
    return format_value(request_value(slot, request, path, identity))


def request_value(slot: Slot, request: Request, path: str, identity: HeaderIdentity) -> Value:
    """The value of a `request.*` slot; `path` is the canonical, decoded one.

    The identity header of a stranger is dropped for slots, too.
    """
    value = accept_text(slot, _read_text(slot, request, path, identity))
    return default_value(slot, {}) if value is None else value


def _read_text(slot: Slot, request: Request, path: str, identity: HeaderIdentity) -> str | None:
    kind, _, name = slot.field.partition(".")
    match kind:
        case "path":
            return path
        case "query":
            return read_query(request.query, name.encode())
        case "cookie":
            return read_cookie(single_header(request, b"cookie"), name.encode())
    header = name.lower().encode() if kind == "header" else b"host"
    if header == identity.header and not identity.is_trusted(request.peer):
        return None
    return _printable(single_header(request, header))


def read_query(query: bytes, name: bytes) -> str | None:
    """The first value of `name`, read as WHATWG's `application/x-www-form-urlencoded`; None if it is no UTF-8."""
    for pair in query.split(b"&"):
        key, _, value = pair.partition(b"=")
        if pair and _form_decode(key) == name:
            try:
                return _form_decode(value).decode()
            except UnicodeDecodeError:
                return None
    return None


def read_cookie(cookies: bytes | None, name: bytes) -> str | None:
    """The first cookie called `name`, trimmed, neither unquoted nor decoded; None if it has unprintable bytes."""
    for pair in (cookies or b"").split(b";"):
        key, equals, value = pair.partition(b"=")
        if equals and key.strip(_BLANK) == name:
            return _printable(value)
    return None


def _form_decode(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" ")) if b"+" in text or b"%" in text else text


def _printable(value: bytes | None) -> str | None:
    """Bytes 0x20 to 0x7E as text, trimmed; None for all others."""
    if value is None:
        return None
    trimmed = value.strip(_BLANK)
    return trimmed.decode("ascii") if _PRINTABLE.fullmatch(trimmed) else None

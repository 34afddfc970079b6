"""The cookies of a request (RFC 6265, 5.4)."""

import re
from functools import cache


def find_cookies(cookies: bytes | None, name: bytes) -> list[bytes]:
    """The values of all cookies called `name` in the header `Cookie`, trimmed, in the order they came."""
    return [value.strip(b" \t") for value in _cookie_of(name).findall(b";" + (cookies or b""))]


@cache
def _cookie_of(name: bytes) -> re.Pattern[bytes]:
    """A cookie of this name; its group is the value.

    A search, because a head of 64 KiB may hold very many: splitting them would take longer than a budget.
    """
    return re.compile(rb";[ \t]*" + re.escape(name) + rb"[ \t]*=([^;]*)")

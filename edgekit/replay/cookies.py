"""The cookies of a request (RFC 6265, 5.4)."""

import re
from functools import cache
from itertools import islice


def find_cookies(cookies: bytes | None, name: bytes) -> list[bytes]:
    """The values of the first two cookies called `name` in the header `Cookie`, trimmed: one alone is not repeated."""
    return [found[1].strip(b" \t") for found in islice(_cookie_of(name).finditer(b";" + (cookies or b"")), 2)]


@cache
def _cookie_of(name: bytes) -> re.Pattern[bytes]:
    """A cookie of this name; its group is the value.

    A search, because a head of 64 KiB may hold very many: splitting them would take longer than a budget.
    """
    return re.compile(rb";[ \t]*" + re.escape(name) + rb"[ \t]*=([^;]*)")

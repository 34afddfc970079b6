"""A request as it came, before anything in it is trusted."""

from typing import Final

import msgspec

READ_METHODS: Final = frozenset({"GET", "HEAD"})

Headers = tuple[tuple[bytes, bytes], ...]
"""Names in lower case, in the order they came, repeated ones repeated."""


class Request(msgspec.Struct, frozen=True):
    """`path` and `query` are the bytes of the request line, not decoded; `peer` is the address of the other end.

    `now` is Unix seconds: the only clock that an answer depends on.
    """

    path: bytes
    now: float
    method: str = "GET"
    query: bytes = b""
    headers: Headers = ()
    peer: str = ""


def single_header(request: Request, wanted: bytes) -> bytes | None:
    """The value of a header, or None if it is absent or repeated: two values are two claims, and neither is believed.

    A spelling with `_` for `-` is another name, and stays unread.
    """
    found = None
    for name, value in request.headers:
        if name == wanted:
            if found is not None:
                return None
            found = value
    return found

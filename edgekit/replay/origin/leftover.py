"""What comes behind an answer, and would be taken for the begin of the next one on its connection.

Applications send such bytes: a body to HEAD or with a 304, or a longer one than they said. They may hold what one
visitor has written, and the next one's answer must not be made of it.

Between the socket and the answer there are three more places where they may lie, and httpx tells of none: anyio's queue
(asyncio takes more from a socket at once than it is asked for), what TLS has not decrypted yet, and h11. Where the way
to one of them leads nowhere, there may be some.
"""

from collections import deque
from functools import reduce
from typing import Any, Final

_BODILESS: Final = frozenset((204, 304))
"""RFC 9112, 6.3. What comes of a body may come later than it can be looked for, so it is not waited for."""
_TO_PARSER: Final = ("_httpcore_stream", "_stream", "_connection", "_h11_state")


def may_have_leftover(status: int, stream: object, connection: Any) -> bool:
    """Is it unsafe to use the connection, httpx's network stream, again? `stream` is the answer's, read to its end.

    What the socket itself still holds is looked for before the connection is used again.
    """
    parsed, _ = getattr(_follow(stream, *_TO_PARSER), "trailing_data", (b"unknown", False))
    return status in _BODILESS or parsed != b"" or _has_more(connection)


def _has_more(connection: Any) -> bool:
    """Was more taken from the socket than was read of the connection?"""
    transport = _follow(connection, "_stream")
    if connection.get_extra_info("ssl_object") is not None:
        if _follow(transport, "_read_bio", "pending") != 0:  # not by reading: a part of a record would be out of sight
            return True
        transport = _follow(transport, "transport_stream")
    return _follow(transport, "_protocol", "read_queue") != deque()


def _follow(start: object, *names: str) -> object:
    """The attribute of the attribute, and so on; None where there is none."""
    return reduce(lambda found, name: getattr(found, name, None), names, start)

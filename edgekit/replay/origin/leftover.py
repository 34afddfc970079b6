"""What comes behind an answer, and would be taken for the begin of the next one on its connection.

Applications send such bytes: a body to HEAD or with a 304, or a longer one than they said. They may hold what one
visitor has written, and the next one's answer must not be made of it.
"""

from typing import Final

_BODILESS: Final = frozenset((204, 304))
"""RFC 9112, 6.3. What comes of a body may come later than it can be looked for, so it is not waited for."""
_TO_BYTES: Final = ("_httpcore_stream", "_stream", "_connection", "_h11_state")


def may_have_leftover(status: int, stream: object) -> bool:
    """Is it unsafe to use the connection again? `stream` is that of httpx's answer, read to its end.

    Which bytes are left only h11 knows, and httpx has no public way to it: where this one leads nowhere, they may be.
    """
    for name in _TO_BYTES:
        stream = getattr(stream, name, None)
    left, _ = getattr(stream, "trailing_data", (b"unknown", False))
    return status in _BODILESS or left != b""

"""What comes behind an answer, and would be taken for the begin of the next one on its connection.

Applications send such bytes: a body to HEAD or with a 304, or a longer one than they said. They may hold what one
visitor has written, and the next one's answer must not be made of it.
"""

import ssl
from typing import Final

_BODILESS: Final = frozenset((204, 304))
"""RFC 9112, 6.3. What comes of a body may come later than it can be looked for, so it is not waited for."""
_TO_BYTES: Final = ("_httpcore_stream", "_stream", "_connection", "_h11_state")


def may_have_leftover(status: int, stream: object, tls: ssl.SSLObject | None) -> bool:
    """Is it unsafe to use the connection again? `stream` is that of httpx's answer, read to its end.

    Which bytes are left only h11 knows, and httpx has no public way to it: where this one leads nowhere, they may be.
    What the socket itself still holds is looked for before the connection is used again.
    """
    for name in _TO_BYTES:
        stream = getattr(stream, name, None)
    left, _ = getattr(stream, "trailing_data", (b"unknown", False))
    return status in _BODILESS or left != b"" or (tls is not None and _has_record(tls))


def _has_record(tls: ssl.SSLObject) -> bool:
    """Has more come that is not decrypted yet? It is lost then, so the connection must be closed."""
    try:
        tls.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:  # its end, or nothing to go on with
        return True
    return True

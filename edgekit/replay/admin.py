"""Who may ask the paths for operators: `EDGEKIT_ADMIN_TOKEN`, or who sits at this machine (contract, section 8)."""

from typing import Final

from edgekit.replay.bearer import has_token
from edgekit.replay.local import is_local, is_same_origin
from edgekit.replay.request import Request
from edgekit.replay.response import NOT_FOUND, PLAIN_HEADERS, Answer

_UNAUTHORIZED: Final = Answer(
    401, (*PLAIN_HEADERS, (b"www-authenticate", b"Bearer")), b"This path needs the admin token.\n"
)


def refuse_stranger(request: Request, token: bytes | None) -> Answer | None:
    """What a request that may not ask is answered, or None if it may.

    Without a `token` somebody at this machine may, which is for development.
    """
    if token is None:
        return None if is_local(request) and is_same_origin(request) else NOT_FOUND
    return None if has_token(request, token) else _UNAUTHORIZED

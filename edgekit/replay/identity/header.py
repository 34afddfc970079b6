"""The header mode: a trusted proxy puts the user's id into a header."""

from typing import Final

from edgekit.replay.identity.identified import Identified, Identify, is_user_id
from edgekit.replay.identity.proxies import TrustedProxies
from edgekit.replay.request import Request, single_header

_BLANK: Final = b" \t"


def header_identify(name: bytes, proxies: TrustedProxies) -> Identify:
    """Anybody can send a header, so it counts only from a trusted proxy, and only once.

    Neither does a value with a comma: a proxy may join repeated headers so (RFC 9110, 5.2), and one of them may be the
    visitor's own.
    """

    def identify(request: Request) -> Identified | None:
        value = single_header(request, name)
        if not value or b"," in value or not proxies.trusts(request):
            return None
        try:
            user_id = value.strip(_BLANK).decode()
        except UnicodeDecodeError:
            return None
        return Identified(user_id) if is_user_id(user_id) else None

    return identify

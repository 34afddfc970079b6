"""Who asks: the user id that a trusted proxy put into a header (contract, section 8)."""

import ipaddress
import re
from functools import lru_cache
from typing import Final

from edgekit.model.keys import MAX_KEY_BYTES
from edgekit.model.manifest import Identity
from edgekit.replay.request import Request, single_header

_PEERS_HELD: Final = 4_096
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class HeaderIdentity:
    """The header mode. Anybody can send a header, so it counts only from a trusted proxy, and only once."""

    def __init__(self, identity: Identity) -> None:
        """Raises ValueError if a trusted proxy is no network."""
        self.header = identity.header.lower().encode()
        self._networks = [ipaddress.ip_network(network, strict=False) for network in identity.trusted_proxies]
        self.is_trusted = lru_cache(_PEERS_HELD)(self._is_trusted)

    def identify(self, request: Request) -> str | None:
        """The user id, or None for a guest; a header that cannot be an id is dropped."""
        value = single_header(request, self.header)
        if not value or not self.is_trusted(request.peer):
            return None
        try:
            user_id = value.strip(b" \t").decode()
        except UnicodeDecodeError:
            return None
        if not user_id or len(value) > MAX_KEY_BYTES or (not user_id.isprintable() and _CONTROL.search(user_id)):
            return None
        return user_id

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:  # a socket without an address
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


def trusted_peer(identity: Identity) -> str:
    """An address whose identity header counts, if there is one."""
    for network in identity.trusted_proxies:
        return str(ipaddress.ip_network(network, strict=False)[0])
    return "127.0.0.1"

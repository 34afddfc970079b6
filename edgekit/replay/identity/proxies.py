"""Which peers may speak for a visitor: the trusted proxies in front."""

import ipaddress
from functools import lru_cache
from typing import Final

from edgekit.model.manifest import Identity
from edgekit.replay.request import Request, single_header
from edgekit.replay.secrets import is_secret

PROXY_HEADER: Final = b"x-edgekit-proxy-secret"
SEGMENT_HEADER: Final = b"x-user-segment"
_PEERS_HELD: Final = 4_096


class TrustedProxies:
    """The networks of proxies, and the secret that they share with this server, if there is one."""

    def __init__(self, identity: Identity, secret: bytes | None) -> None:
        """Raises ValueError if a trusted proxy is no network."""
        self._networks = [ipaddress.ip_network(network, strict=False) for network in identity.trusted_proxies]
        self._secret = secret
        self._is_near = lru_cache(_PEERS_HELD)(self._find)

    def trusts(self, request: Request) -> bool:
        """Does a proxy of ours send it?"""
        if not self._is_near(request.peer):
            return False
        return self._secret is None or is_secret(single_header(request, PROXY_HEADER), self._secret)

    def segment(self, request: Request) -> str | None:
        """What a proxy of ours says that the visitor's tier is; it may be no tier of the site."""
        value = single_header(request, SEGMENT_HEADER)
        return value.decode("latin-1") if value is not None and self.trusts(request) else None

    def _find(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:  # a socket without an address
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

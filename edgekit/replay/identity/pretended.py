"""Being somebody without a credential, as commands are that show what a user is shown."""

import ipaddress
from typing import Final

from edgekit.model.manifest import Identity
from edgekit.replay.identity.identification import Identification
from edgekit.replay.request import Headers

_HEADER: Final = "x-edgekit-pretended-user"


class Pretended:
    """Instead of a release's own way to know its visitors: a header tells the id, and no claims.

    `peer` is the address that requests must come from to be believed.
    """

    def __init__(self, identity: Identity) -> None:
        """Where a header tells the id anyway, it is this one, so that slots can read it."""
        self._identity = identity if identity.mode == "header" else Identity(header=_HEADER)
        networks = [ipaddress.ip_network(network, strict=False) for network in self._identity.trusted_proxies]
        self.peer = str(networks[0][0]) if networks else "127.0.0.1"
        self.name = self._identity.header.encode()

    def identify(self, _: Identity) -> Identification:
        """For `ReplayStore`."""
        return Identification(self._identity)

    def headers(self, user_id: str) -> Headers:
        """What a request of this user has."""
        return ((self.name, user_id.encode(errors="surrogateescape")),)

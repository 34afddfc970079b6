"""How the visitors of a release are known."""

from typing import Final

from edgekit.model.manifest import Identity
from edgekit.replay.identity.cookie import cookie_identify
from edgekit.replay.identity.header import header_identify
from edgekit.replay.identity.identified import Identified, Identify
from edgekit.replay.identity.proxies import PROXY_HEADER, SEGMENT_HEADER, TrustedProxies
from edgekit.replay.request import Request
from edgekit.replay.secrets import Secrets

_NO_SECRETS: Final = Secrets()


class Identification:
    """Of one release, as its site says and with the secrets of this server. `header` has the id, in header mode."""

    def __init__(self, identity: Identity, secrets: Secrets = _NO_SECRETS) -> None:
        """Raises ValueError if the manifest's identity is damaged. Without its secret a mode identifies nobody."""
        self.proxies = TrustedProxies(identity, secrets.proxy)
        self.header = identity.header.lower().encode() if identity.mode == "header" else None
        self.identify = self._choose(identity, secrets)
        # Where visitors prove themselves who they are, a proxy may be trusted by default only: it has to prove itself.
        self._tells_segments = self.header is not None or secrets.proxy is not None

    def segment(self, request: Request) -> str | None:
        """The tier that the request is for, whoever asks: a trusted proxy says so. It may be no tier of the site."""
        return self.proxies.segment(request) if self._tells_segments else None

    def hides(self, header: bytes, request: Request) -> bool:
        """Must a header's value not be shown: the proxies' secret, or what only they may say, if it is not theirs?"""
        if header == SEGMENT_HEADER:
            return self.segment(request) is None
        return header == PROXY_HEADER or (header == self.header and not self.proxies.trusts(request))

    def _choose(self, identity: Identity, secrets: Secrets) -> Identify:
        if self.header is not None:
            return header_identify(self.header, self.proxies)
        if identity.mode == "cookie":
            if secrets.cookie is None and not identity.insecure:
                return _nobody
            return cookie_identify(identity.cookie.encode("ascii"), None if identity.insecure else secrets.cookie)
        from edgekit.replay.identity.token import (
            token_identify,  # loads the cryptography, which other sites do not need
        )

        return token_identify(identity, secrets.jwt)


def _nobody(request: Request) -> Identified | None:
    return None

"""One request to a running site, bounded in time and size."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final

import httpx
import msgspec

from edgekit import __version__
from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.live.asker import Headers

_QUIET_SECONDS: Final = 10
"""How long the site may be silent: while a connection is made, and between two pieces of an answer."""
_SECONDS: Final = 30
"""How long one answer may take in all."""
_MAX_BYTES: Final = 32 * 1024 * 1024
"""Of one answer: more than the largest page, 25 MiB."""


class Answer(msgspec.Struct, frozen=True):
    """Names of headers are in lower case, the values of repeated ones joined; the body is decoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Prober:
    """A connection to the site at `origin` (`https://shop.example`); counts what it asks. No cookie is kept."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.count = 0
        # Not the machine's proxies and passwords (`trust_env`): a probe is what it says it is.
        self._client = httpx.Client(timeout=_QUIET_SECONDS, follow_redirects=False, trust_env=False)

    def __enter__(self) -> "Prober":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def build(self, url: str, headers: Headers) -> httpx.Request:
        """The request for `url`, a path with perhaps a query, as `send` sends it."""
        ours = {"user-agent": f"edgekit-check/{__version__}", "accept": "text/html,*/*", "accept-encoding": "identity"}
        return self._client.build_request("GET", self.origin + url, headers={**ours, **dict(headers)})

    def send(self, request: httpx.Request) -> Answer:
        """Raises EK619 if there is no answer, or one that is too long or too slow."""
        self.count += 1
        started = time.monotonic()
        body = bytearray()
        try:
            response = self._client.send(request, stream=True)
            try:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > _MAX_BYTES:
                        raise _failed(request, f"the answer has more than {_MAX_BYTES:,} bytes")
                    if time.monotonic() - started > _SECONDS:
                        raise _failed(request, f"the answer takes more than {_SECONDS} seconds")
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _failed(request, str(error) or type(error).__name__) from None
        finally:
            self._client.cookies.clear()
        return Answer(response.status_code, response.headers, bytes(body))


def _failed(request: httpx.Request, why: str) -> EdgekitError:
    help = "see whether the site runs there, and whether this machine reaches it"
    return failure("EK619", f"`{request.url}` cannot be asked: {why}", help=help)

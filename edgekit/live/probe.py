"""One request to a running site, bounded in time and size."""

import asyncio
import zlib
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
"""How long one answer may take in all, however it is handed out: header by header, or announced again and again."""
_MAX_BYTES: Final = 32 * 1024 * 1024
"""Of one answer, as it comes and unpacked: more than the largest page, 25 MiB."""


class Answer(msgspec.Struct, frozen=True):
    """Names of headers are in lower case, the values of repeated ones joined; the body is unpacked if it is gzip."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Prober:
    """A connection to the site at `origin` (`https://shop.example`); counts what it asks. No cookie is kept."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.count = 0
        # Not the machine's proxies and passwords (`trust_env`): a probe is what it says it is.
        self._client = httpx.AsyncClient(timeout=_QUIET_SECONDS, follow_redirects=False, trust_env=False)
        self._runner = asyncio.Runner()  # asyncio has what a blocking client has not: an end to a whole answer

    def __enter__(self) -> "Prober":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def build(self, url: str, headers: Headers) -> httpx.Request:
        """The request for `url`, a path with perhaps a query, as `send` sends it."""
        ours = {"user-agent": f"edgekit-check/{__version__}", "accept": "text/html,*/*", "accept-encoding": "identity"}
        return self._client.build_request("GET", self.origin + url, headers={**ours, **dict(headers)})

    def send(self, request: httpx.Request) -> Answer:
        """Raises EK619 if there is no answer, or one that is too long or too slow."""
        self.count += 1
        try:
            response, content = self._runner.run(self._receive(request))
            body = _unpack(content) if response.headers.get("content-encoding") == "gzip" else content
        except TimeoutError:
            raise _failed(request, f"the answer takes more than {_SECONDS} seconds") from None
        except httpx.TimeoutException:
            raise _failed(request, f"nothing comes for {_QUIET_SECONDS} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, _UnusableError) as error:
            raise _failed(request, str(error) or f"the connection broke ({type(error).__name__})") from None
        finally:
            self._client.cookies.clear()
        return Answer(response.status_code, response.headers, body)

    async def _receive(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        """The answer, and its body as it came. Unpacking is not left to httpx: it knows no bound for packed bytes."""
        content = bytearray()
        async with asyncio.timeout(_SECONDS):
            response = await self._client.send(request, stream=True)
            try:
                async for piece in response.aiter_raw():
                    content += piece
                    _check_size(content)
            finally:
                await response.aclose()
        return response, bytes(content)


class _UnusableError(Exception):
    """Why a body is of no use."""


def _unpack(content: bytes) -> bytes:
    """The bytes of a gzip file. One that ends too early ends there."""
    try:
        body = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content, _MAX_BYTES + 1)
    except zlib.error:
        raise _UnusableError("its `content-encoding` is gzip, and its body is not") from None
    _check_size(body)
    return body


def _check_size(body: bytes | bytearray) -> None:
    if len(body) > _MAX_BYTES:
        raise _UnusableError(f"the answer has more than {_MAX_BYTES:,} bytes")


def _failed(request: httpx.Request, why: str) -> EdgekitError:
    help = "see whether the site runs there, and whether this machine reaches it"
    return failure("EK619", f"`{request.url}` cannot be asked: {why}", help=help)

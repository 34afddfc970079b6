"""The tail of a running server, followed over its restarts; what comes is bounded, whoever sends it."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal

import httpx
import msgspec

from edgekit import __version__
from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.model.origin import is_origin
from edgekit.replay.tail import Dropped, TailEvent

_PATH: Final = "/_edgekit/tail"
_TYPE: Final = "application/x-ndjson"
_CONNECT_SECONDS: Final = 10
_SILENT_SECONDS: Final = 60
"""A server that nothing happens on sends an empty line every 15 seconds."""
_RETRY_SECONDS: Final = 1
_MAX_LINE_BYTES: Final = 64 * 1024
"""A server's longest line has 4 KiB."""


def follow_tail(
    origin: str, token: bytes | None, sample: float, note: Callable[[str], None]
) -> Iterator[TailEvent | Dropped]:
    """What happens on the server at `origin`, without end; `sample` is the share of events that are no critical ones.

    A connection that is lost is made again, which `note` is told. Raises EK470 for a URL that has no tail, or nobody
    who answers at first, and EK471 for a token that is refused or cannot be sent.
    """
    origin = origin.removesuffix("/")
    if not is_origin(origin):
        raise failure(
            "EK470",
            f"`{origin}` is no URL of a server",
            help="write scheme and host, such as `http://127.0.0.1:1818`",
        )
    headers = {"user-agent": f"edgekit-tail/{__version__}", "accept": _TYPE, "accept-encoding": "identity"}
    if token is not None:
        if not re.fullmatch(rb"[!-~]+", token):  # before httpx shows it
            raise failure(
                "EK471",
                "the admin token has characters that no header can hold",
                help="set EDGEKIT_ADMIN_TOKEN, here and for the server, to ASCII letters and digits",
            )
        headers["authorization"] = f"Bearer {token.decode()}"
    # Not the machine's proxies and passwords (`trust_env`): the token is for this server alone.
    with httpx.Client(timeout=httpx.Timeout(_CONNECT_SECONDS, read=_SILENT_SECONDS), trust_env=False) as client:
        request = client.build_request("GET", f"{origin}{_PATH}?sample={sample:.6f}", headers=headers)
        state: Literal["new", "connected", "lost"] = "new"
        while True:
            try:
                with _listen(client, request) as pieces:
                    if state == "lost":
                        note(f"connected to `{origin}` again")
                    state = "connected"
                    for line in _split(origin, pieces):
                        yield _decode(origin, line)
            except (_UnavailableError, httpx.TransportError) as error:
                if state == "new":
                    raise _failed(origin, str(error) or type(error).__name__) from None
            if state == "connected":
                note(f"the connection to `{origin}` is lost; trying again")
            state = "lost"
            time.sleep(_RETRY_SECONDS)


class _UnavailableError(Exception):
    """An answer that is no tail. The server may be just starting, behind a proxy that says so in its own way."""


@contextmanager
def _listen(client: httpx.Client, request: httpx.Request) -> Iterator[Iterator[bytes]]:
    """What comes over one connection, in pieces. Raises EK471."""
    response = client.send(request, stream=True)
    try:
        if response.status_code == 401:
            known = "authorization" in request.headers
            raise failure(
                "EK471",
                f"`{request.url.host}` {'refuses the admin token' if known else 'asks for the admin token'}",
                help="set EDGEKIT_ADMIN_TOKEN to what the server was started with",
            )
        if response.status_code != 200:
            raise _UnavailableError(f"it answers with status {response.status_code}")
        if response.headers.get("content-type") != _TYPE:
            raise _UnavailableError("what it answers is no tail")
        yield response.iter_raw()
    finally:
        response.close()


def _split(origin: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The lines, without their ends and empty ones."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from filter(None, lines)
        if len(rest) > _MAX_LINE_BYTES:
            raise _failed(origin, f"a line of its tail has more than {_MAX_LINE_BYTES:,} bytes")


def _decode(origin: str, line: bytes) -> TailEvent | Dropped:
    try:
        if line.startswith(b'{"dropped"'):
            return msgspec.json.decode(line, type=Dropped)
        return msgspec.json.decode(line, type=TailEvent)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _failed(origin, "a line of its tail is no event") from None


def _failed(origin: str, why: str) -> EdgekitError:
    help = "see whether `edgekit serve` runs there; in production it has a tail only with EDGEKIT_ADMIN_TOKEN set"
    return failure("EK470", f"the tail of `{origin}` cannot be followed: {why}", help=help)

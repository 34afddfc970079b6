"""Who is at this machine: the rule by which paths for developers are answered (contract, section 8)."""

import ipaddress
import re
from typing import Final

from edgekit.replay.request import Request, single_header

_FORWARDED: Final = re.compile(rb"forwarded|via|x-real-ip|x-forwarded-.*")
_HOST: Final = re.compile(rb"(\[[0-9a-f:.]+\]|[^:\[\]]+)(:[0-9]+)?")


def is_local(request: Request) -> bool:
    """Is it a browser of this machine that asks this very server: a loopback peer, a local Host, no proxy between?

    The Host counts because a name that leads here (DNS rebinding) would make a foreign page one of ours.
    """
    host = _HOST.fullmatch((single_header(request, b"host") or b"").lower())
    return (
        _is_loopback(request.peer)
        and host is not None
        and _is_local_name(host[1].decode("latin-1").strip("[]"))
        and not any(_FORWARDED.fullmatch(name) for name, _ in request.headers)
    )


def is_same_origin(request: Request) -> bool:
    """Does the browser say that a page of this origin asks, or the user themselves? Programs that are none say nothing.

    https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
    """
    site = [value for name, value in request.headers if name == b"sec-fetch-site"]
    return site in ([], [b"same-origin"], [b"none"])


def _is_local_name(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost") or _is_loopback(host)


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback

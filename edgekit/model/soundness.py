"""What a manifest must be to be served: the rules by which a site is read, for one that comes from elsewhere.

Whoever writes a release file writes its digest, too, so nothing of it may go into a head unseen, neither a client's nor
the origin's. What cannot be made ready for requests (a key, a network, a slot's default) is found where that is done.
"""

import re
from collections.abc import Mapping
from typing import Final

from edgekit.model import header, origin, redirect
from edgekit.model.keys import PAGE_TPL, STATIC_PAGES, TIER
from edgekit.model.manifest import FORMAT_VERSION, Identity, Manifest, RedirectRule, Route
from edgekit.model.placeholder import NAME
from edgekit.model.slot import MAX_INTEGER

_IN_URL: Final = r"[A-Za-z0-9._~!$&'()*+,;=:@%/?\[\]-]*"
_LOCATION: Final = re.compile(rf"(?:(https?://[^/]+)|(?!//))(/{_IN_URL}(?:#{_IN_URL})?)", re.IGNORECASE)
"""Scheme and host or neither, then a path: as `project/locations.py` writes it."""


def manifest_fault(manifest: Manifest) -> str | None:
    """What is wrong with a manifest, as the end of a sentence; None if it is one that a build writes."""
    times = (manifest.ttl.user, manifest.ttl.segment)
    if manifest.format != FORMAT_VERSION:
        return f"has format {manifest.format}"
    if manifest.default_tier not in manifest.segments or not all(map(TIER.fullmatch, manifest.segments)):
        return "has tiers that no site has"
    if not all(0 <= seconds <= MAX_INTEGER for seconds in (*times, manifest.cpu_ms)):
        return "has times that no site has"
    if not all(name == slot.name and NAME.fullmatch(name) for name, slot in manifest.slots.items()):
        return "has slots that no site has"
    if not all(map(_is_route, manifest.routes.values())):
        return "has pages that are stored nowhere"
    patterns = [rule for rule in manifest.redirects if redirect.part_names(rule.source)]
    if len(patterns) > redirect.MAX_PATTERNS or not all(map(_is_redirect, manifest.redirects)):
        return "has redirects that no site has"
    if not _are_headers(manifest.headers):
        return "has headers that no site may send"
    if manifest.origin and not _is_origin(manifest.origin):
        return "has an origin that no site has"
    return None if _is_identity(manifest.identity) else "knows users as no site does"


def _is_route(route: Route) -> bool:
    return route.namespace == STATIC_PAGES or (route.namespace == PAGE_TPL and route.delivery != "static")


def _is_redirect(rule: RedirectRule) -> bool:
    location = _LOCATION.fullmatch(rule.to)
    return (
        rule.status in redirect.STATUSES
        and location is not None
        and (not location[1] or origin.is_origin(location[1]))
        and set(redirect.PART.findall(location[2])) <= set(redirect.part_names(rule.source))
    )


def _are_headers(patterns: Mapping[str, Mapping[str, str]]) -> bool:
    return len(patterns) <= header.MAX_PATTERNS and all(
        len(headers) <= header.MAX_HEADERS and all(_is_header(name, value) for name, value in headers.items())
        for headers in patterns.values()
    )


def _is_header(name: str, value: str) -> bool:
    return (
        name == name.lower()
        and header.TOKEN.fullmatch(name) is not None
        and not header.own_reason(name)
        and header.is_value(value)
    )


def _is_origin(told: origin.Origin) -> bool:
    return (
        origin.is_origin(told.url)
        and len(told.paths) <= origin.MAX_PATTERNS
        and not any(map(origin.pattern_fault, told.paths))
    )


def _is_identity(identity: Identity) -> bool:
    return all(not name or header.TOKEN.fullmatch(name) for name in (identity.header, identity.cookie))

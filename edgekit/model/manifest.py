"""A release: all that replay and the next build need to know of one published build, and the digest that names it."""

import hashlib
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from edgekit.model.digest import DIGEST_BYTES
from edgekit.model.jwk import Algorithm, Jwk
from edgekit.model.keys import Namespace
from edgekit.model.origin import Origin
from edgekit.model.reads import Reads
from edgekit.model.slot import Slot

FORMAT_VERSION: Final = 1

Delivery = Literal["static", "segment", "user"]
"""Who may share a page's bytes: everybody, a tier, one user."""


class Route(msgspec.Struct, frozen=True):
    """How a page is answered: its delivery class and the namespace that holds it (STATIC_PAGES or PAGE_TPL).

    The class counts the page's edge islands and list slots; the namespace follows what its own template reads.
    """

    delivery: Delivery
    namespace: Namespace


class Island(msgspec.Struct, frozen=True):
    """An island that pages hold: the delivery class of its own answer, and whether a page fetches it (client mode)."""

    delivery: Delivery
    client: bool


class RedirectRule(msgspec.Struct, frozen=True):
    """One of `[redirects]`: `source` is a path in its canonical spelling, `to` a path or a URL as a Location has it.

    A segment `[name]` of the source is any one segment, and stands again where `to` has it.
    """

    source: str
    to: str
    status: int


class Ttl(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds until a record expires; 0 = never."""

    user: Annotated[int, Meta(description="Seconds until a user's record expires; 0 = never.")] = 86_400
    segment: Annotated[int, Meta(description="The same for a tier's configuration.")] = 3_600


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a request's user is known; no secrets.

    `proxies_named`: the site itself says which proxies it trusts. `cookie` holds the signed id, or with `jwt` the token
    (without it, `Authorization` does). `jwks` are the issuer's public keys, `claims` the claims by the user's fields.
    """

    mode: Literal["header", "jwt", "cookie"] = "header"
    header: str = "x-user-id"
    trusted_proxies: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    proxies_named: bool = False
    issuer: str = ""
    audience: str = ""
    algorithms: tuple[Algorithm, ...] = ()
    jwks: tuple[Jwk, ...] = ()
    cookie: str = ""
    insecure: bool = False
    claims: dict[str, str] = {}


class IndexEntry(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One key of a release: `digest` of its body and, for pages, of its trace record; both hex."""

    namespace: Namespace
    key: str
    digest: str
    trace: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What replay reads of a release.

    `routes` maps a page's path (error pages: `404`, `503`) to its route; `islands` the name of each plain island to how
    it is answered; `segments` a tier to its configuration as the site's files have it. `redirects` stand in the order
    in which they are tried; `headers` maps a pattern of decoded paths (`*` at its end is any rest) to names and values.
    `share_segments`: the proxy in front may keep pages for all visitors of a tier. A site without that, or without an
    `origin`, has no such field, so its releases keep the names they had before there was one.
    """

    format: int = FORMAT_VERSION
    default_tier: str
    routes: dict[str, Route]
    islands: dict[str, Island] = {}
    redirects: tuple[RedirectRule, ...] = ()
    headers: dict[str, dict[str, str]] = {}
    origin: Origin | msgspec.UnsetType = msgspec.UNSET
    share_segments: bool | msgspec.UnsetType = msgspec.UNSET
    slots: dict[str, Slot]
    segments: dict[str, dict[str, Any]]
    ttl: Ttl
    cpu_ms: int
    identity: Identity


class Pack(msgspec.Struct, frozen=True):
    """What the compiler hands on: a manifest, its index in byte order, and the release digest (hex) of both.

    The bodies went to the caller one by one, as they were made. `reads` is what a build adds: no part of the release.
    """

    manifest: Manifest
    index: tuple[IndexEntry, ...]
    release: str
    reads: Reads | None = None


_canonical = msgspec.json.Encoder(order="sorted").encode
_decode_manifest = msgspec.json.Decoder(Manifest).decode
_decode_index = msgspec.json.Decoder(tuple[IndexEntry, ...]).decode


def build_pack(manifest: Manifest, entries: list[IndexEntry], reads: Reads | None = None) -> Pack:
    """Sort the entries and name the release by the digest of its canonical JSON (contract, section 7)."""
    index = tuple(sorted(entries, key=lambda entry: (entry.namespace, entry.key.encode())))
    content = {
        "entries": [[entry.namespace, entry.key, entry.digest] for entry in index],
        "manifest": msgspec.to_builtins(manifest),
    }
    release = hashlib.sha256(_canonical(content)).digest()[:DIGEST_BYTES].hex()
    return Pack(manifest, index, release, reads)


def encode_manifest(manifest: Manifest) -> bytes:
    """Canonical JSON: sorted keys, UTF-8."""
    return _canonical(manifest)


def decode_manifest(raw: bytes) -> Manifest:
    """Raises msgspec.MsgspecError if `raw` is no manifest."""
    return _decode_manifest(raw)


def encode_index(index: tuple[IndexEntry, ...]) -> bytes:
    """JSON: a list of `[namespace, key, digest, trace]` in byte order."""
    return _canonical(index)


def decode_index(raw: bytes) -> tuple[IndexEntry, ...]:
    """Raises msgspec.MsgspecError if `raw` is no index."""
    return _decode_index(raw)

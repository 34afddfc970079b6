"""Sides for tests: of small sites, and of packs made up."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from edgekit.diff.side import Side
from edgekit.fragment.edits import Edits
from edgekit.model.digest import digest
from edgekit.model.fragment import Fragment
from edgekit.model.keys import PAGE_TPL, STATIC_PAGES, page_key
from edgekit.model.manifest import Identity, IndexEntry, Manifest, RedirectRule, Route, Ttl, build_pack
from edgekit.model.origin import Origin
from edgekit.model.slot import Slot
from tests.compiler.sites import compile_files

USER_NAME = Slot(name="USER_NAME", source="user.name", default="there", max_length=40)
TIERS: Mapping[str, Mapping[str, object]] = {"free": {"hero": "Hi"}, "vip": {"hero": "Yo"}}
HERO = Slot(name="HERO", source="segment.hero", max_length=80)


def site_side(label: str, folder: Path, files: Mapping[str, str], edits: Mapping[str, Edits] | None) -> Side:
    """A side of a site's files; nothing published if there are none."""
    if not files:
        return Side(label, None, {}.__getitem__)
    compiled = compile_files(folder, files)
    assert compiled.result.pack is not None, compiled.findings
    bodies = {fragment.digest.hex(): fragment.body for fragment in compiled.fragments.values()}
    return Side(label, compiled.result.pack, bodies.__getitem__, edits)


def manifest_of(
    routes: Mapping[str, Route] | None = None,
    *,
    default_tier: str = "free",
    redirects: Iterable[RedirectRule] = (),
    headers: Mapping[str, Mapping[str, str]] | None = None,
    slots: Iterable[Slot] = (USER_NAME, HERO),
    segments: Mapping[str, Mapping[str, object]] | None = None,
    ttl: Ttl | None = None,
    cpu_ms: int = 50,
    identity: Identity | None = None,
    origin: Origin | None = None,
    share_segments: bool = False,
) -> Manifest:
    return Manifest(
        default_tier=default_tier,
        routes=dict(routes or {}),
        redirects=tuple(redirects),
        headers={pattern: dict(names) for pattern, names in (headers or {}).items()},
        slots={slot.name: slot for slot in slots},
        segments={tier: dict(fields) for tier, fields in (TIERS if segments is None else segments).items()},
        ttl=ttl or Ttl(),
        cpu_ms=cpu_ms,
        identity=identity or Identity(),
        origin=origin or msgspec.UNSET,
        share_segments=share_segments or msgspec.UNSET,
    )


def pack_side(
    label: str, fragments: Iterable[Fragment], manifest: Manifest, edits: Mapping[str, Edits] | None = None
) -> Side:
    """A side of these fragments; its bodies can be read, all others raise KeyError."""
    found = list(fragments)
    entries = [IndexEntry(fragment.namespace, fragment.key, fragment.digest.hex()) for fragment in found]
    bodies = {fragment.digest.hex(): fragment.body for fragment in found}
    return Side(label, build_pack(manifest, entries), bodies.__getitem__, edits)


def page_side(label: str, pages: Mapping[str, bytes | Mapping[str, bytes]], **manifest: object) -> Side:
    """A side of pages: a body makes a static page, bodies by tier one of class user."""
    fragments, routes = [], {}
    for path, bodies in pages.items():
        static = isinstance(bodies, bytes)
        if isinstance(bodies, bytes):
            fragments.append(Fragment(STATIC_PAGES, path, bodies))
        else:
            fragments += [Fragment(PAGE_TPL, page_key(path, tier), body) for tier, body in bodies.items()]
        if not path.startswith("island/"):
            routes[path] = Route("static", STATIC_PAGES) if static else Route("user", PAGE_TPL)
    return pack_side(label, fragments, manifest_of(routes, **manifest))  # type: ignore[arg-type]


def hex_digest(body: bytes) -> str:
    return digest(body).hex()

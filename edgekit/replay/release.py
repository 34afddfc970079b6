"""A published release in use: its manifest made ready for requests, and all that is held in memory of it.

Everything held belongs to one release and goes with it, so no answer mixes two.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from edgekit.model.digest import digest
from edgekit.model.expiry import EXPIRY_BYTES
from edgekit.model.fragment import decode_cuts, encode_cuts
from edgekit.model.island import URL_PREFIX, island_path
from edgekit.model.keys import (
    ASSETS,
    EDGEKIT,
    PAGE_TPL,
    STATIC_PAGES,
    VALUES,
    Namespace,
    cuts_key,
    manifest_key,
    page_key,
)
from edgekit.model.manifest import Delivery, Identity, decode_manifest
from edgekit.model.path import encode_path
from edgekit.model.redirect import Redirects
from edgekit.model.soundness import manifest_fault
from edgekit.replay.compression import compress
from edgekit.replay.headers import SiteHeaders
from edgekit.replay.held import BodyId, HeldBodies, HeldBody
from edgekit.replay.identity.identification import Identification
from edgekit.replay.reading import ReadError, Reading
from edgekit.replay.response import UNAVAILABLE, UNAVAILABLE_HEADERS, Answer
from edgekit.replay.tier import LiveTier
from edgekit.replay.user import Users

NO_CUTS: Final = encode_cuts(())

Place = tuple[Namespace, str]
"""A key of a release's index."""


class Page(NamedTuple):
    """The path by which a page, or an island that is fetched, is stored, and how it is answered."""

    path: str
    delivery: Delivery
    namespace: Namespace


class Release:
    """`pages` by decoded path (error pages: `404`, `503`), `spelt` by canonical spelling, `tiers` by name.

    An island that pages fetch is among the pages, under the path that it is fetched from. `headers` is None for a site
    without any.
    """

    def __init__(
        self, name: str, reading: Reading, held_bytes: int, identify: Callable[[Identity], Identification]
    ) -> None:
        """Read the release and its error pages; `identify` says how its visitors are known.

        Raises ReadError if the manifest is missing or damaged, and what `identify` raises.
        """
        raw = reading.get(EDGEKIT, manifest_key(name))
        if raw is None:
            raise ReadError(f"{EDGEKIT} has no manifest of release {name}")
        try:
            manifest = decode_manifest(raw)
            if fault := manifest_fault(manifest):
                raise ValueError(fault)
            self.pages = {path: Page(path, route.delivery, route.namespace) for path, route in manifest.routes.items()}
            self.pages |= {
                URL_PREFIX + name: Page(island_path(name), island.delivery, PAGE_TPL)
                for name, island in manifest.islands.items()
                if island.client
            }
            spellings = {encode_path(path).encode(): path for path in self.pages if path.startswith("/")}
            self.spelt = {spelling: self.pages[path] for spelling, path in spellings.items()}
            self.identification = identify(manifest.identity)
            self.tiers = {tier: LiveTier(tier, file, manifest.slots) for tier, file in manifest.segments.items()}
            self.redirects = Redirects(manifest.redirects)
            self.origin = manifest.origin or None
            self.shares_segments = manifest.share_segments is True
            self.headers = SiteHeaders(manifest.headers, spellings) if manifest.headers else None
            self.users = Users(manifest.slots.values())
            self.default = self.tiers[manifest.default_tier]
        except (msgspec.MsgspecError, ValueError, KeyError):
            raise ReadError(f"{EDGEKIT} holds a damaged manifest of release {name}") from None
        self.name = name
        self.slots = manifest.slots
        self.cpu_limit = manifest.cpu_ms / 1000
        self._bodies = HeldBodies(held_bytes)
        self._digests: dict[Place, bytes] = {}
        self._error_pages: dict[Place, HeldBody] = {}
        self.hold_error_pages(reading)

    def body(self, reading: Reading, namespace: Namespace, key: str, shown_as: str = "") -> HeldBody | None:
        """The body at an index key, or None if the release has no such key; logs name it, or say `shown_as` instead.

        What was once read of a release stays true, so memory stands in for a store that fails or is damaged. Assets may
        be of earlier releases: one that is not there has gone with them.
        Raises ReadError if it can be had from neither.
        """
        place = namespace, key
        try:
            sealed = reading.get_sealed(namespace, key)
            if sealed is not None:
                return self._hold(reading, place, sealed[EXPIRY_BYTES:])
            # An asset of an earlier release goes when that is pruned.
            if place not in self._digests or namespace == ASSETS:
                return None
            raise ReadError(f"{namespace} has lost {shown_as or f'`{key}`'}")
        except ReadError as error:
            held = self._error_pages.get(place)
            if held is None:
                if place not in self._digests:
                    raise
                held = self._hold(reading, place, self._digests[place])
            reading.fall_back("fragment", f"{error}; answered with the last good copy of {shown_as or f'`{key}`'}")
            return held

    def _hold(self, reading: Reading, place: Place, name: bytes) -> HeldBody:
        body_id = place[0], name
        held = self._bodies.get(body_id)
        if held is None:
            held = self._load(reading, *body_id)
            self._bodies.add(body_id, held)
        self._digests[place] = name
        return held

    def _load(self, reading: Reading, namespace: Namespace, name: bytes) -> HeldBody:
        """Read and cut a body. Its digest is compared, because a store does not notice a flipped bit."""
        reads = reading.reads
        body = reading.get(VALUES, name)
        cuts = reading.get(EDGEKIT, cuts_key(name.hex())) if namespace == PAGE_TPL else NO_CUTS
        reading.reads = reads  # a digest's body does not count as a look-up
        if body is None or digest(body) != name:
            raise ReadError(f"{VALUES} has no undamaged {name.hex()}")
        try:
            return HeldBody(body, None if namespace == ASSETS else decode_cuts(cuts or b""), self.slots)
        except (msgspec.MsgspecError, ValueError):
            raise ReadError(f"{EDGEKIT} holds damaged cuts of {name.hex()}") from None

    def composed(self, page: Page, tier: str | None, body: bytes) -> tuple[bytes, bytes]:
        """`body`, composed for readers who share it, and its ETag, made anew only if the last such body was another."""
        held = self._bodies.get((page.path, tier))
        if held is None or held.plan.parts[0] != body:
            held = HeldBody(body, None, self.slots)
            self._bodies.add((page.path, tier), held)
        return held.shared([])

    def compressed(self, body: bytes, etag: bytes) -> bytes:
        """`body` as gzip, made when it is first asked for; `etag` is that of the body as it is."""
        body_id: BodyId = "gzip", etag
        held = self._bodies.get(body_id)
        if held is None:
            held = HeldBody(compress(body), None, self.slots)
            self._bodies.add(body_id, held)
        return held.plan.parts[0]

    def hold_error_pages(self, reading: Reading) -> None:
        """Read the error pages now, with their islands: when they are needed, there may be nothing to read from.

        `is_whole` tells whether all of them are held. Until then this may be called again.
        """
        self.is_whole = True
        seen: set[Place] = set()
        for path in ("404", "503"):
            page = self.pages.get(path)
            if page is not None and page.namespace == STATIC_PAGES:
                self._hold_for_errors(reading, STATIC_PAGES, path, [*self.tiers], seen)
            elif page is not None:
                for tier in self.tiers:
                    self._hold_for_errors(reading, PAGE_TPL, page_key(path, tier), [tier], seen)
        self.unavailable = self._unavailable()

    def _hold_for_errors(
        self, reading: Reading, namespace: Namespace, key: str, tiers: list[str], seen: set[Place]
    ) -> None:
        """A body, and for these tiers the islands in it and those shown where a list is empty, but what was `seen`."""
        if (namespace, key) in seen:
            return
        seen.add((namespace, key))
        held = self._error_pages.get((namespace, key))
        if held is None:
            try:
                held = self.body(reading, namespace, key)
                if held is None:
                    raise ReadError(f"{namespace} has no `{key}`")
            except ReadError as error:
                reading.log(f"{error}; the release is served without it")
                self.is_whole = False
                return
            self._error_pages[namespace, key] = held
        defaults = (self.slots[name].default for name in held.plan.lists)
        for island in (*held.plan.islands, *defaults):
            for tier in tiers:
                self._hold_for_errors(reading, PAGE_TPL, page_key(island_path(str(island)), tier), [tier], seen)

    def _unavailable(self) -> Answer:
        held = self._error_pages.get((STATIC_PAGES, "503"))
        if held is None or held.has_inserts:  # islands would have to be read
            return UNAVAILABLE
        return Answer(503, UNAVAILABLE_HEADERS, held.shared([])[0])

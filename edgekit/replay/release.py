"""A published release in use: its manifest made ready for requests, and all that is held in memory of it.

Everything held belongs to one release and goes with it, so no answer mixes two.
"""

from typing import Final, NamedTuple

import msgspec

from edgekit.model.digest import digest
from edgekit.model.expiry import EXPIRY_BYTES
from edgekit.model.fragment import decode_cuts, encode_cuts
from edgekit.model.keys import EDGEKIT, PAGE_TPL, STATIC_PAGES, VALUES, Namespace, cuts_key, manifest_key, page_key
from edgekit.model.manifest import Delivery, decode_manifest
from edgekit.model.path import encode_path
from edgekit.model.redirect import Redirects
from edgekit.replay.headers import SiteHeaders
from edgekit.replay.held import HeldBodies, HeldBody
from edgekit.replay.identity import HeaderIdentity
from edgekit.replay.reading import ReadError, Reading
from edgekit.replay.response import UNAVAILABLE, UNAVAILABLE_HEADERS, Answer
from edgekit.replay.tier import LiveTier
from edgekit.replay.user import Users

NO_CUTS: Final = encode_cuts(())

Place = tuple[Namespace, str]
"""A key of a release's index."""


class Page(NamedTuple):
    """A page's path and how it is answered."""

    path: str
    delivery: Delivery
    namespace: Namespace


class Release:
    """`pages` by decoded path (error pages: `404`, `503`), `spelt` by canonical spelling, `tiers` by name.

    `headers` is None for a site without any.
    """

    def __init__(self, name: str, reading: Reading, held_bytes: int) -> None:
        """Read the release and its error pages. Raises ReadError if the manifest is missing or damaged."""
        raw = reading.get(EDGEKIT, manifest_key(name))
        if raw is None:
            raise ReadError(f"{EDGEKIT} has no manifest of release {name}")
        try:
            manifest = decode_manifest(raw)
            self.pages = {path: Page(path, route.delivery, route.namespace) for path, route in manifest.routes.items()}
            self.spelt = {encode_path(path).encode(): page for path, page in self.pages.items() if path.startswith("/")}
            self.identity = HeaderIdentity(manifest.identity)
            self.tiers = {tier: LiveTier(tier, file, manifest.slots) for tier, file in manifest.segments.items()}
            self.redirects = Redirects(manifest.redirects)
            spelt = ((spelling, page.path) for spelling, page in self.spelt.items())
            self.headers = SiteHeaders(manifest.headers, spelt) if manifest.headers else None
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
        self._hold_error_pages(reading)
        self.unavailable = self._unavailable()

    def body(self, reading: Reading, namespace: Namespace, key: str) -> HeldBody | None:
        """The body at an index key, or None if the release has no such key.

        What was once read of a release stays true, so memory stands in for a store that fails or is damaged.
        Raises ReadError if it can be had from neither.
        """
        place = namespace, key
        try:
            sealed = reading.get_sealed(namespace, key)
            if sealed is not None:
                return self._hold(reading, place, sealed[EXPIRY_BYTES:])
            if place not in self._digests:
                return None
            raise ReadError(f"{namespace} has lost `{key}`")
        except ReadError as error:
            held = self._error_pages.get(place)
            if held is None:
                if place not in self._digests:
                    raise
                held = self._hold(reading, place, self._digests[place])
            reading.log(f"{error}; answered with the last good copy of `{key}`")
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
            return HeldBody(body, decode_cuts(cuts or b""), self.slots)
        except (msgspec.MsgspecError, ValueError):
            raise ReadError(f"{EDGEKIT} holds damaged cuts of {name.hex()}") from None

    def _hold_error_pages(self, reading: Reading) -> None:
        """Read the error pages now: when they are needed, there may be nothing to read from."""
        for path in ("404", "503"):
            page = self.pages.get(path)
            if page is None:
                continue
            keys = [page_key(path, tier) for tier in self.tiers] if page.namespace == PAGE_TPL else [path]
            for key in keys:
                try:
                    held = self.body(reading, page.namespace, key)
                    if held is None:
                        raise ReadError(f"{page.namespace} has no `{key}`")
                    self._error_pages[page.namespace, key] = held
                except ReadError as error:
                    reading.log(f"{error}; the release is served without it")

    def _unavailable(self) -> Answer:
        held = self._error_pages.get((STATIC_PAGES, "503"))
        return Answer(503, UNAVAILABLE_HEADERS, held.shared([])[0]) if held else UNAVAILABLE

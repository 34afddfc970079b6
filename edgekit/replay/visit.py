"""One visit: what an answer is made of for whoever asks, looked up where it is first needed."""

from collections.abc import Iterator, Sequence
from itertools import islice

from edgekit.fragment.fill import fill
from edgekit.fragment.values import item_keys
from edgekit.model.island import island_path
from edgekit.model.keys import PAGE_TPL, page_key
from edgekit.model.slot import Slot
from edgekit.replay.held import HeldBody
from edgekit.replay.inputs import read_request
from edgekit.replay.reading import ReadError, Reading
from edgekit.replay.release import Release
from edgekit.replay.request import Request
from edgekit.replay.visitor import Visitor


class Visit:
    """A request's visitor, and the bodies of a release as they come out for this visitor.

    `path` is the canonical, decoded one of the request. Who asks is found out when it is first asked for, so a page
    that is the same for everybody identifies nobody; live fields are read once, so a page and its islands agree.
    """

    __slots__ = ("_is_anybody", "_live", "_visitor", "path", "reading", "release", "request")

    def __init__(self, request: Request, reading: Reading, release: Release, path: str, is_anybody: bool) -> None:
        """With `is_anybody` the visitor is a guest, whoever it is: what is made for everybody must hold nobody's."""
        self.request = request
        self.reading = reading
        self.release = release
        self.path = path
        self._is_anybody = is_anybody
        self._visitor: Visitor | None = None
        self._live: dict[str, str] | None = None

    def identify(self) -> Visitor:
        """Who asks."""
        if self._visitor is None:
            self._visitor = Visitor(self.request, self.reading, self.release, is_anybody=self._is_anybody)
        return self._visitor

    def texts(self, held: HeldBody) -> list[str]:
        """What the body's slots are filled with, in the order of its plan."""
        if not held.plan.slots:
            return []
        visitor = self.identify()
        texts: list[str] = []
        if held.request_slots:
            identification = self.release.identification
            texts += [read_request(slot, self.request, self.path, identification) for slot in held.request_slots]
        if held.live:
            if self._live is None:
                self._live = visitor.tier.texts(self.reading, self.request.now)
            texts += [self._live[name] for name in held.live]
        texts += held.user_texts(visitor.user(held.user_fields))
        return texts

    def compose(self, held: HeldBody) -> bytes:
        """The body, filled, its islands and lists included. Raises ReadError if one of them cannot be had."""
        plan = held.plan
        texts: Sequence[str] = self.texts(held)
        if not held.has_inserts:
            return fill(plan, texts)
        if plan.choose is not None:
            plan, texts = plan.choose(texts)
        inserts = [self._island(name) for name in plan.islands]
        inserts += [self._list(self.release.slots[name]) for name in plan.lists]
        return fill(plan, texts, inserts)

    def items(self, slot: Slot) -> Iterator[tuple[str, HeldBody]]:
        """What a list slot shows, by their keys: of its values the first `max_items` that have a fragment."""
        return islice(self._find_items(slot), slot.max_items)

    def _find_items(self, slot: Slot) -> Iterator[tuple[str, HeldBody]]:
        visitor = self.identify()
        user = visitor.user({slot.field})
        for key in item_keys(slot, getattr(user, slot.name)):
            place = page_key(island_path(slot.island, key), visitor.tier.name)
            held = self.release.body(self.reading, PAGE_TPL, place, f"an item of `{slot.island}`")
            if held is not None:
                yield key, held

    def _list(self, slot: Slot) -> bytes:
        shown = [self.compose(held) for _, held in self.items(slot)]
        return b"".join(shown) if shown else self._island(str(slot.default))

    def _island(self, name: str) -> bytes:
        place = page_key(island_path(name), self.identify().tier.name)
        held = self.release.body(self.reading, PAGE_TPL, place)
        if held is None:
            raise ReadError(f"{PAGE_TPL} has no `{place}`")
        return self.compose(held)

"""What became of a page, an island or an item, and why."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from edgekit.compiler.explain.difference import find_difference
from edgekit.compiler.explain.explanation import (
    Body,
    Cause,
    Choices,
    Difference,
    Explanation,
    FuelPart,
    HeldIsland,
    HeldList,
    Kind,
    Occurrences,
    Read,
    ReadKind,
    Side,
    Size,
    TierFuel,
    Use,
)
from edgekit.compiler.explain.holders import find_holders
from edgekit.compiler.explain.lookups import list_lookups
from edgekit.compiler.explain.occurrence import Part, find_occurrences
from edgekit.compiler.explain.recording import Reads, Recorder, Recording
from edgekit.compiler.explain.sources import Sources
from edgekit.compiler.explain.standing import find_standing
from edgekit.compiler.explain.whole import Whole, compile_whole
from edgekit.model.fragment import Fragment
from edgekit.model.island import island_path
from edgekit.model.keys import STATIC_PAGES
from edgekit.model.manifest import Delivery
from edgekit.model.placeholder import Encoding
from edgekit.project.site import Page, Site

Progress = Callable[[int, int], None]

_KINDS: Final[tuple[ReadKind, ...]] = ("slot", "tier", "clock", "island", "template", "asset")


def explain_page(site: Site, page: Page, folder: str, *, tier: str | None, progress: Progress) -> Explanation:
    """Explain a page, an island or an item of a site: for all tiers, or what is a tier's own for one.

    Names of files are relative to `folder`. `progress` is told how many pages of those in question are compiled: of an
    island or item all, to know which hold it.
    Raises EdgekitError, 1, with the findings of what does not compile.
    """
    whole = compile_whole(site, page, progress)
    holders = find_holders(site, page.island, progress) if page.island else ()
    return _Study(site, whole, folder, tier).explain(holders)


def find_text(site: Site, page: Page, text: str, folder: str, *, tier: str | None, progress: Progress) -> Occurrences:
    """The template lines that made a text of a page, its islands and items; the rest as for `explain_page`."""
    whole = compile_whole(site, page, progress)
    recorder = Recorder(site)
    tiers = sorted(site.tiers) if tier is None else [tier]
    parts = (Part(part, name, recorder.record(part, name)) for part in whole.pages for name in tiers)
    return find_occurrences(text, parts, recorder, Sources(recorder.findings, folder))


class _Study:
    """All that is known of a page while it is explained."""

    def __init__(self, site: Site, whole: Whole, folder: str, tier: str | None) -> None:
        self.site = site
        self.whole = whole
        self.page = whole.pages[0]
        self.tier = tier
        self.shown = sorted(site.tiers) if tier is None else [tier]
        self.recorder = Recorder(site)
        self.sources = Sources(self.recorder.findings, folder)
        self.recordings = {name: self.recorder.record(self.page, name) for name in sorted(site.tiers)}

    def explain(self, holders: tuple[str, ...]) -> Explanation:
        page, whole = self.page, self.whole
        variants = [recorded.traced for name in self.shown for recorded in self.recordings[name].variants]
        decisions = {slot.name: slot for traced in variants for slot, _ in traced.decisions}
        is_item = self._kind() == "item"
        return Explanation(
            path=page.path,
            kind=self._kind(),
            file=self.sources.file(page.template),
            delivery=whole.delivery,
            asserted=page.delivery,
            because=tuple(self._find_causes()),
            reads=self._list_reads(),
            slots=tuple(self._list_uses()),
            choices=tuple(Choices(slot.name, slot.source, slot.choices) for slot in decisions.values()),
            variants=max(len(self.recordings[name].variants) for name in self.shown),
            fragments=tuple(self._list_bodies()),
            difference=self._find_difference(),
            lookups=() if is_item else list_lookups(self.site, whole),
            fuel=() if is_item else tuple(self._list_fuel()),
            cpu_ms=self.site.cpu_ms,
            islands=tuple(self._list_islands()),
            lists=tuple(self._list_lists()),
            held_by=holders,
        )

    def _kind(self) -> Kind:
        if not self.page.island:
            return "page"
        return "item" if self.site.islands[self.page.island].page is None else "island"

    def _find_causes(self) -> Iterator[Cause]:
        """The page's own reads, if they alone make it what it is, then those of its edge islands that do."""
        route = self.whole.compiled[self.page.path].route
        assert route is not None
        if route.delivery == self.whole.delivery:
            yield from self._causes_of(_merge(self.recordings.values()), route.delivery, None)
        for name in self.whole.compiled[self.page.path].islands:
            if self.whole.islands[name] == self.whole.delivery:
                yield from self._causes_of(self._read_by_island(name), self.whole.delivery, name)

    def _causes_of(self, reads: Reads, delivery: Delivery, island: str | None) -> Iterator[Cause]:
        for (kind, name), places in reads.items():
            if _class_of(kind, name) == delivery != "static":
                first = next(iter(places), None)
                yield Cause(name, self.sources.reading(first, name) if first else None, island)

    def _read_by_island(self, name: str) -> Reads:
        island = self.site.islands[name].page
        assert island is not None
        return _merge(self.recorder.record(island, tier) for tier in sorted(self.site.tiers))

    def _list_reads(self) -> tuple[Read, ...]:
        reads = _merge(self.recordings[name] for name in self.shown)
        found = [
            Read(
                kind,
                self.sources.file(name) if kind == "template" else name,
                tuple(self.sources.reading(place, name) for place in places),
            )
            for (kind, name), places in reads.items()
        ]
        return tuple(sorted(found, key=lambda read: (_KINDS.index(read.kind), read.name)))

    def _list_uses(self) -> Iterator[Use]:
        variants = (recorded.traced for name in self.shown for recorded in self.recordings[name].variants)
        for placed, element, attribute in find_standing(self.page, variants):
            encoding: Encoding = placed.form  # type: ignore[assignment]
            place = self.sources.printing(placed.location, placed.slot.source) if placed.location else None
            yield Use(placed.slot.name, placed.slot.source, encoding, element, attribute, place)

    def _fragments(self, path: str) -> dict[str, Fragment]:
        """The fragments of a page, island or item by the tiers that are shown."""
        fragments = self.whole.compiled[path].fragments
        tiers = sorted(self.site.tiers)
        if fragments[0].namespace == STATIC_PAGES:
            return dict.fromkeys(self.shown, fragments[0])
        return {tier: fragment for tier, fragment in zip(tiers, fragments, strict=True) if tier in self.shown}

    def _list_bodies(self) -> Iterator[Body]:
        for tiers, fragments in _group(self._fragments(self.page.path)):
            yield Body(
                tiers,
                fragments[0].namespace,
                tuple(dict.fromkeys(fragment.key for fragment in fragments)),
                fragments[0].digest.hex(),
                len(fragments[0].body),
                sum(cut.encoding == "?" for cut in fragments[0].cuts),
            )

    def _find_difference(self) -> Difference | None:
        fragments = self._fragments(self.page.path)
        found = find_difference(fragments, self.recorder.findings)
        if found is None:
            return None
        at, excerpts = found
        sides = []
        for excerpt, tiers in groupby(sorted(excerpts, key=lambda tier: excerpts[tier].text), excerpts.__getitem__):
            place = self.sources.line(excerpt.location) if excerpt.location else None
            sides.append(Side(tuple(tiers), place, excerpt.text))
        return Difference(at, tuple(sorted(sides, key=lambda side: side.tiers)))

    def _list_fuel(self) -> Iterator[TierFuel]:
        compiled = self.whole.compiled[self.page.path]
        personal = compiled.fragments[0].namespace != STATIC_PAGES or bool(compiled.islands)
        for tier, cost in self.whole.spending.costs(compiled, self.whole.delivery, personal=personal).items():
            if tier in self.shown:
                parts = sorted(cost.parts, key=lambda part: -part.fuel)
                yield TierFuel(tier, cost.fuel, tuple(FuelPart(part.what, part.fuel) for part in parts))

    def _list_islands(self) -> Iterator[HeldIsland]:
        compiled = self.whole.compiled[self.page.path]
        places = _merge(self.recordings[name] for name in self.shown)
        for mode, names in (("edge", compiled.islands), ("client", compiled.clients)):
            for name in names:
                delivery = self.whole.islands[name]
                yield HeldIsland(
                    name,
                    mode,  # type: ignore[arg-type]
                    delivery,
                    tuple(self._causes_of(self._read_by_island(name), delivery, name)),
                    tuple(map(self.sources.line, places["island", name])),
                    self._measure([island_path(name)]),
                )

    def _list_lists(self) -> Iterator[HeldList]:
        held = [self.page.path, *(part.path for part in self.whole.pages[1:])]
        for path in held:
            for slot in map(self.site.slots.__getitem__, self.whole.compiled[path].lists):
                items = self.site.islands[slot.island].items
                yield HeldList(
                    slot.name,
                    slot.source,
                    None if path == self.page.path else path,
                    slot.island,
                    len(items),
                    slot.max_items,
                    str(slot.default),
                    self._measure([item.path for item in items.values()]),
                )

    def _measure(self, paths: Iterable[str]) -> Size:
        sizes = [len(fragment.body) for path in paths for fragment in self._fragments(path).values()]
        return Size(min(sizes, default=0), max(sizes, default=0))


def _merge(recordings: Iterable[Recording]) -> Reads:
    reads: Reads = {}
    for recording in recordings:
        for read, places in recording.reads.items():
            reads.setdefault(read, {}).update(places)
    return reads


def _class_of(kind: ReadKind, name: str) -> Delivery:
    """The class of what reads this, if it reads nothing else."""
    if kind == "slot" and not name.startswith("segment."):
        return "user"
    return "segment" if kind in ("slot", "tier") else "static"


def _group(fragments: Mapping[str, Fragment]) -> list[tuple[tuple[str, ...], list[Fragment]]]:
    """Tiers with equal fragments together."""
    groups: dict[bytes, list[str]] = {}
    for tier, fragment in fragments.items():
        groups.setdefault(fragment.body, []).append(tier)
    return [(tuple(tiers), [fragments[tier] for tier in tiers]) for tiers in groups.values()]

"""What the pages of a site read with all that stands in them: known only when their islands and items are compiled."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from edgekit.compiler.page import CompiledPage
from edgekit.model.reads import PageReads
from edgekit.project.site import Page, Site


class _Own(NamedTuple):
    reads: PageReads
    islands: frozenset[str]


class ReadsOfPages:
    """Collects what each compiled page asked for, through one build."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._pages: dict[str, _Own] = {}
        self._islands: dict[str, dict[_Own, None]] = {}

    def add(self, page: Page, compiled: CompiledPage) -> None:
        """Note a page, island or item, whatever became of it."""
        own = _Own(compiled.reads, frozenset(name_islands(self.site, [compiled])))
        self._pages[page.path] = own
        if page.island:
            self._islands.setdefault(page.island, {})[own] = None

    def finish(self) -> dict[str, PageReads]:
        """By the pages' paths: what each page asked for, and what its islands and items did."""
        whole: dict[_Own, PageReads] = {}
        for own in self._pages.values():
            if own not in whole:
                whole[own] = _join(self._standing_in(own))
        return {path: whole[own] for path, own in self._pages.items()}

    def _standing_in(self, own: _Own) -> Mapping[PageReads, None]:
        """The page itself, its islands, and what stands in those."""
        found = {own.reads: None}
        names, seen = set(own.islands), set[str]()
        while names - seen:
            name = min(names - seen)
            seen.add(name)
            for island in self._islands.get(name, ()):
                found[island.reads] = None
                names |= island.islands
        return found


def name_islands(site: Site, compiled: Iterable[CompiledPage]) -> set[str]:
    """The islands that stand in pages or that they fetch, those of their lists' items and defaults included."""
    names: set[str] = set()
    for page in compiled:
        names.update(page.islands, page.clients)
        for slot in map(site.slots.__getitem__, page.lists):
            names |= {slot.island, str(slot.default)}
    return names


def _join(every: Iterable[PageReads]) -> PageReads:
    found = list(every)
    if len(found) == 1:
        return found[0]
    return PageReads(
        tuple(sorted({template for reads in found for template in reads.templates})),
        tuple(sorted({asset for reads in found for asset in reads.assets})),
        all(reads.settled for reads in found),
    )

"""What the answers of a site could cost: known only when their islands are compiled, too, whoever compiled them."""

from collections.abc import Mapping
from typing import NamedTuple

from edgekit.compiler.budget import Cost, check_budget, count_cost, count_fuel, list_name
from edgekit.compiler.findings import Findings
from edgekit.compiler.page import CompiledPage
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.fragment.fuel import Contents, Fuel, list_fuel, worst
from edgekit.model.keys import PAGE_TPL
from edgekit.model.manifest import Delivery, Island, Route
from edgekit.project.site import Page, Site

_Variants = tuple[Contents, ...]


class _Held(NamedTuple):
    """A page or plain island that waits for what stands in it: its variants by tier."""

    page: Page
    by_tier: dict[str, _Variants]


class Spending:
    """Collects what each compiled page, island and item holds, through one build."""

    def __init__(self, site: Site, findings: Findings) -> None:
        self.site = site
        self.findings = findings
        self._pages: list[_Held] = []
        self._islands: dict[str, _Held] = {}
        self._items: dict[tuple[str, str], Fuel] = {}

    def add(self, page: Page, compiled: CompiledPage) -> list[Diagnostic]:
        """Note a page, island or item that compiled; a page that nothing stands in is checked at once."""
        assert compiled.route is not None
        by_tier = self._tiers_of(compiled)
        if page.island and self.site.islands[page.island].page is None:
            for tier, variants in by_tier.items():
                place = page.island, tier
                known = self._items.get(place, Fuel(0, 0))
                self._items[place] = worst([known, count_fuel(variants, {}, shared=False)])
        elif page.island:
            self._islands[page.island] = _Held(page, by_tier)
        elif any(contents.inserts for variants in by_tier.values() for contents in variants):
            self._pages.append(_Held(page, by_tier))
        else:
            personal = compiled.route.namespace == PAGE_TPL
            return self._check(_Held(page, by_tier), {}, compiled.route.delivery, personal=personal)
        return []

    def check(self, routes: Mapping[str, Route], islands: Mapping[str, Island]) -> list[Diagnostic]:
        """Refuse pages, and islands that pages fetch, that could exceed `cpu_ms` with all that stands in them."""
        inserts = {tier: self.count_inserts(tier) for tier in self.site.tiers}
        found: list[Diagnostic] = []
        for held in self._pages:
            found += self._check(held, inserts, routes[held.page.path].delivery, personal=True)
        for name, held in self._islands.items():
            if islands[name].client:
                found += self._check(held, inserts, islands[name].delivery, personal=True)
        return found

    def costs(self, compiled: CompiledPage, delivery: Delivery, *, personal: bool) -> dict[str, Cost]:
        """By tier, what an answer with this page or island could cost; all that stands in it was added."""
        return {
            tier: count_cost(variants, self.count_inserts(tier), shared=delivery != "user", personal=personal)
            for tier, variants in self._tiers_of(compiled).items()
        }

    def _tiers_of(self, compiled: CompiledPage) -> dict[str, _Variants]:
        """A page's variants by tier; a static page has those of one for all."""
        if len(compiled.contents) == 1:
            return dict.fromkeys(self.site.tiers, compiled.contents[0])
        return dict(zip(sorted(self.site.tiers), compiled.contents, strict=True))

    def count_inserts(self, tier: str) -> dict[str, Fuel]:
        """The fuel of each plain island and list slot for a tier. Islands hold list slots, whose islands hold none."""
        lists = [slot for slot in self.site.slots.values() if slot.island]
        defaults = {str(slot.default) for slot in lists}
        inserts = {name: self._count_island(name, tier, {}) for name in defaults}
        for slot in lists:
            item = self._items.get((slot.island, tier), Fuel(0, 0))
            inserts[list_name(slot)] = list_fuel([item], inserts[str(slot.default)], slot.max_items)
        return inserts | {name: self._count_island(name, tier, inserts) for name in self._islands}

    def _count_island(self, name: str, tier: str, inserts: Mapping[str, Fuel]) -> Fuel:
        return count_fuel(self._islands[name].by_tier[tier], inserts, shared=False)

    def _check(
        self, held: _Held, inserts: Mapping[str, Mapping[str, Fuel]], delivery: Delivery, *, personal: bool
    ) -> list[Diagnostic]:
        """A finding for the first tier for which it could exceed `cpu_ms`."""
        for tier, variants in held.by_tier.items():
            excess = check_budget(
                variants, inserts.get(tier, {}), self.site.cpu_ms, shared=delivery != "user", personal=personal
            )
            if excess:
                here = held.page.template, 1
                return [self.findings.make("EK503", excess.what, excess.help, here, held.page.path)]
        return []

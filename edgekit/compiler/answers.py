"""How the pages and islands of a site are answered: known only when all of it is compiled, whoever compiled it."""

from typing import NamedTuple

from edgekit.compiler.delivery import READS, exceeds, strictest
from edgekit.compiler.findings import Findings
from edgekit.compiler.page import CompiledPage, Fault
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.manifest import Delivery, Island, Route
from edgekit.project.site import Page, Site


class _Answer(NamedTuple):
    page: Page
    route: Route
    islands: tuple[str, ...]


class Answers:
    """Collects what each compiled page says of itself, through one build."""

    def __init__(self, site: Site, findings: Findings) -> None:
        self.site = site
        self.findings = findings
        self._pages: list[_Answer] = []
        self._islands: dict[str, CompiledPage] = {}
        self._clients: set[str] = set()
        self._faults: dict[str, list[Fault]] = {}

    def add(self, page: Page, compiled: CompiledPage) -> None:
        """Note a page, island or item that compiled."""
        assert compiled.route is not None
        if page.island:
            self._faults.setdefault(page.island, []).extend(compiled.client_faults)
            if self.site.islands[page.island].page is not None:
                self._islands[page.island] = CompiledPage((), (), compiled.route, (), lists=compiled.lists)
        else:
            self._pages.append(_Answer(page, compiled.route, compiled.islands))
            self._clients.update(compiled.clients)

    def check(self) -> list[Diagnostic]:
        """Findings of what a page and its islands make together, as far as those compiled."""
        found: list[Diagnostic] = []
        for page, route, names in self._pages:
            for name in sorted(self._islands.keys() & names):
                reads = self._delivery(name)
                if page.delivery is not None and exceeds(strictest([reads, route.delivery]), page.delivery):
                    what = f'the page says `delivery = "{page.delivery}"`, but its island `{name}` reads {READS[reads]}'
                    help = f'let the page fetch it (`{{% island "{name}" client %}}`), or serve it as `{reads}`'
                    found.append(self.findings.make("EK601", what, help, (page.template, 1), page.path))
        for name in sorted(self._islands.keys() & self._clients):
            faulty = [name]
            for slot in map(self.site.slots.__getitem__, self._islands[name].lists):
                faulty += slot.island, str(slot.default)
            found += (self.findings.make(*fault) for island in faulty for fault in self._faults.get(island, ()))
        return found

    def finish(self) -> tuple[dict[str, Route], dict[str, Island]]:
        """The manifest's routes and islands."""
        routes = {}
        for page, route, names in self._pages:
            delivery = strictest([route.delivery, *map(self._delivery, names)])
            routes[page.path] = Route(delivery, route.namespace)
        islands = {name: Island(self._delivery(name), name in self._clients) for name in sorted(self._islands)}
        return routes, islands

    def _delivery(self, name: str) -> Delivery:
        """The class of a plain island's own answer. A list slot is the user's, so its items add nothing."""
        route = self._islands[name].route
        assert route is not None
        return route.delivery

"""One page compiled: its fragments for every tier and its route, or the findings that forbid it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from edgekit.compiler.asked import NOTHING_READ, PageReads
from edgekit.compiler.assemble import Assembled, SurrogateError, UnwritableError, assemble
from edgekit.compiler.budget import list_contents
from edgekit.compiler.composition import Misfit, check_places, find_script, find_spot
from edgekit.compiler.contexts import Contexts, as_document
from edgekit.compiler.delivery import exceeds, find_reason, infer_delivery, strictest
from edgekit.compiler.links import DeadLink, LinkChecker
from edgekit.compiler.names import CLOCK, LINK, SETTINGS, SLOT, name_read
from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.run import Location, Spot
from edgekit.compiler.trace import Text, Traced, Tracer
from edgekit.compiler.wholeness import check_island
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.fragment.fuel import Contents
from edgekit.model.fragment import Fragment
from edgekit.model.island import MARK_START
from edgekit.model.keys import PAGE_TPL, STATIC_PAGES, Namespace, page_key
from edgekit.model.manifest import Delivery, Route
from edgekit.project.site import Page, Site


class Fault(NamedTuple):
    """What would be a finding if a page fetched an island: the arguments of `Findings.make`."""

    code: str
    what: str
    help: str
    location: Location
    page: str
    words: tuple[str, ...] = ()


class CompiledPage(msgspec.Struct, frozen=True):
    """What became of a page, or of an island or item; without a route if there are findings.

    The route's class is that of its own template. `contents` are each fragment's variants. `islands` stand in it,
    `clients` it fetches, `slots` are those it reads, `lists` the list slots among them, `templates` the files of those
    that it loaded. `client_faults` are what is wrong with an island or item if a page fetches it. Dead links are no
    findings but warnings. `reads` is what it asked for, if there are findings, too.
    """

    fragments: tuple[Fragment, ...]
    contents: tuple[tuple[Contents, ...], ...]
    route: Route | None
    diagnostics: tuple[Diagnostic, ...]
    islands: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    client_faults: tuple[Fault, ...] = ()
    dead_links: tuple[DeadLink, ...] = ()
    reads: PageReads = NOTHING_READ


class PageCompiler:
    """Compiles the pages of a site, one after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.tracer = Tracer(site)
        self.contexts = Contexts()
        self.files = _TemplateFiles(self.tracer)
        self.links = LinkChecker(site, self.tracer.findings)
        self._failed: dict[tuple[str, str | None, str], CompiledPage] = {}

    def compile(self, page: Page) -> CompiledPage:
        """Render the page for each tier, once if it does not read the tier; and for each of its choices."""
        alike = page.template, page.item_name, page.island
        if alike in self._failed:
            return _fail_alike(self._failed[alike], page)
        asked = self.tracer.environment.asked
        asked.clear()
        compiled = msgspec.structs.replace(self._compile(page), reads=asked.reads())
        if compiled.route is None and not asked.own:
            # It did not get as far as to anything of its own, and so neither do the other pages of its template.
            self._failed[alike] = compiled
        return compiled

    def _compile(self, page: Page) -> CompiledPage:
        tiers = sorted(self.site.tiers)
        traces: dict[str, tuple[Traced, ...]] = {}
        found: list[Diagnostic] = []
        for tier in tiers:
            if traces and not found and not _reads_tier(traces[tiers[0]]):
                traces[tier] = traces[tiers[0]]
                continue
            traced = self.tracer.trace(page, tier)
            if isinstance(traced, tuple):
                traces[tier] = traced
            else:
                found += traced
                if not traces:
                    return CompiledPage((), (), None, tuple(found))
        delivery = strictest(infer_delivery(variant) for variants in traces.values() for variant in variants)
        found += self._check_delivery(page, delivery, traces)
        if found:
            return CompiledPage((), (), None, tuple(found))
        return self._finish(page, delivery, traces)

    def _finish(self, page: Page, delivery: Delivery, traces: Mapping[str, tuple[Traced, ...]]) -> CompiledPage:
        """Write the fragments: one for all tiers where all have the same traces."""
        if delivery == "static" and not page.island:
            keys: list[tuple[Namespace, str]] = [(STATIC_PAGES, page.path)]
        else:
            keys = [(PAGE_TPL, page_key(page.path, tier)) for tier in traces]
        fragments: list[Fragment] = []
        contents: list[tuple[Contents, ...]] = []
        found: list[Diagnostic] = []
        done: dict[int, tuple[Assembled, tuple[Contents, ...]]] = {}
        for (namespace, key), variants in zip(keys, traces.values(), strict=False):
            if id(variants) not in done:
                assembled = self._assemble(page, variants, plain=namespace == STATIC_PAGES)
                if not isinstance(assembled, Assembled):
                    found += assembled
                    continue
                done[id(variants)] = assembled, list_contents(assembled, variants, self.site.slots)
            assembled, held = done[id(variants)]
            fragments.append(Fragment(namespace, key, *assembled))
            contents.append(held)
        if found:
            return CompiledPage((), (), None, tuple(found))
        every = [variant for traced in traces.values() for variant in traced]
        slots = {slot.name: slot for variant in every for slot in variant.slots.values()}
        links = self.links.check(page, traces)
        self._note_reads(page, every, links.paths)
        return CompiledPage(
            tuple(fragments),
            tuple(contents),
            Route(delivery, keys[0][0]),
            (),
            islands=_names(piece.island for variant in every for piece in variant.pieces if type(piece) is Mark),
            clients=_names(name for variant in every for name in variant.clients),
            slots=_names(slots),
            lists=_names(name for name, slot in slots.items() if slot.island),
            client_faults=self._find_client_faults(page, every) if page.island else (),
            templates=_names(name for fragment in fragments if fragment.trace for name in fragment.trace.templates),
            dead_links=links.dead,
        )

    def _note_reads(self, page: Page, variants: Sequence[Traced], links: Iterable[str]) -> None:
        """Note what the environment did not: it knows of templates, assets, islands and functions."""
        environment = self.tracer.environment
        if any(variant.reads_clock for variant in variants):
            environment.ask_for_all(page.template)
            environment.asked.others.add(CLOCK)
        fields = {field for variant in variants for field in variant.fields}
        environment.asked.others.update(
            [SETTINGS],
            (name_read(SLOT, source) for variant in variants for source in variant.slots),
            (name_read(*field.split(".", 1)) for field in fields if field.startswith("segment.")),
            (name_read(LINK, path) for path in links),
        )

    def _assemble(self, page: Page, variants: tuple[Traced, ...], *, plain: bool) -> Assembled | list[Diagnostic]:
        findings = self.tracer.findings
        try:
            assembled = assemble(variants, self.files, plain=plain)
        except UnwritableError as error:
            help = "print it where autoescaping is on"
            what = f"`{error.placed.slot.source}`: it is printed without escaping"
            return [findings.make("EK207", what, help, error.placed.location, page.path, _words(error.placed))]
        except SurrogateError as error:
            help = "write well-formed Unicode: half of a surrogate pair is no character"
            return [findings.make("EK215", str(error), help, error.location, page.path)]
        found: list[Diagnostic] = []
        for variant in variants:
            found += self._check_contexts(page, variant)
            found += self._check_composition(page, variant)
            found += self._check_text(page, variant)
        found += self._check_size(page, assembled.body)
        return found or assembled

    def _check_contexts(self, page: Page, traced: Traced) -> list[Diagnostic]:
        """Refuse slots in unsafe places. Where islands and items go is left to the check of composition."""
        pieces = as_document(traced.pieces, (page.template, 1), island=bool(page.island))
        return [
            self.tracer.findings.make(
                problem.code,
                f"`{problem.placed.slot.source}`: {problem.what}",
                problem.help,
                problem.placed.location,
                page.path,
                _words(problem.placed),
            )
            for problem in self.contexts.check(pieces)
        ]

    def _check_composition(self, page: Page, traced: Traced) -> list[Diagnostic]:
        """Refuse what replay could not put together, or only into another page than was checked."""
        misfits = check_places(traced.pieces, island=bool(page.island))
        if page.island:
            misfits += check_island(traced.pieces)
        return [self._of_misfit(page, misfit) for misfit in misfits]

    def _find_client_faults(self, page: Page, variants: Sequence[Traced]) -> tuple[Fault, ...]:
        """What would go wrong if a page fetched this island, or the island that holds this item."""
        found = []
        for variant in variants:
            placed = {piece.slot.source: piece.location for piece in variant.pieces if type(piece) is Placed}
            for source in variant.slots:
                if source == "request.path" or source.startswith("request.query."):
                    what = f"`{source}`: a page fetches the island, and that request has another path and query"
                    help = "place it without `client`, or leave the slot to the page and its fallback"
                    here = placed.get(source) or (page.template, 1)
                    found.append(Fault("EK607", what, help, here, page.path, (source,)))
            if (misfit := find_script(variant.pieces)) is not None:
                found.append(Fault(misfit.code, misfit.what, misfit.help, self._place(page, misfit.spot), page.path))
        return tuple(found)

    def _check_text(self, page: Page, traced: Traced) -> list[Diagnostic]:
        """Refuse the mark that says where an island goes: text of a page that looks like one would be cut out."""
        text = "".join(piece.text if isinstance(piece, Text) else "\0" for piece in traced.pieces)
        at = text.find(MARK_START)
        if at < 0:
            return []
        location = self._place(page, find_spot(traced.pieces, at))
        what = f"the page's own text holds `{MARK_START}`, the mark of an island"
        return [self.tracer.findings.make("EK603", what, "write the comment in another way", location, page.path)]

    def _of_misfit(self, page: Page, misfit: Misfit) -> Diagnostic:
        return self.tracer.findings.make(
            misfit.code, misfit.what, misfit.help, self._place(page, misfit.spot), page.path
        )

    def _place(self, page: Page, spot: Spot) -> Location:
        return self.tracer.findings.place(spot) or (page.template, 1)

    def _check_size(self, page: Page, body: bytes) -> list[Diagnostic]:
        limit = self.site.page_kib
        if len(body) <= limit * 1024:
            return []
        what = f"the fragment has {-(-len(body) // 1024)} KiB, more than the {limit} of `[budget] page_kib`"
        help = "print less on this page, or raise `page_kib`"
        return [self.tracer.findings.make("EK501", what, help, (page.template, 1), page.path)]

    def _check_delivery(
        self, page: Page, delivery: Delivery, traces: Mapping[str, tuple[Traced, ...]]
    ) -> list[Diagnostic]:
        asserted = "static" if page.path == "503" else page.delivery
        if asserted is None or not exceeds(delivery, asserted):
            return []
        reads, location = find_reason([variant for variants in traces.values() for variant in variants], delivery)
        help = "leave out what it reads (look at its layouts too)"
        if page.path == "503":
            code, what = "EK602", f"503.html reads {reads}, but it is shown when nothing can be read"
        else:
            code, what = "EK601", f'the page says `delivery = "{asserted}"`, but it reads {reads}'
            help += f", or serve it as `{delivery}`"
        return [self.tracer.findings.make(code, what, help, location or (page.template, 1), page.path)]


def _fail_alike(failed: CompiledPage, page: Page) -> CompiledPage:
    """What became of a page that fails as another does."""
    diagnostics = (msgspec.structs.replace(found, pages=(page.path,)) for found in failed.diagnostics)
    return msgspec.structs.replace(failed, diagnostics=tuple(diagnostics))


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _reads_tier(variants: tuple[Traced, ...]) -> bool:
    return any(variant.reads_tier for variant in variants)


class _TemplateFiles(dict[str, str]):
    """A template's name → its file, relative to the site folder where it lies in it."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__()
        self.environment = tracer.environment

    def __missing__(self, name: str) -> str:
        filename = self.environment.get_template(name).filename
        assert filename is not None
        self[name] = file = self.environment.site_loader.file_of(name, filename)
        return file


def _words(placed: Placed) -> tuple[str, ...]:
    return placed.slot.source, placed.slot.source.rpartition(".")[2]

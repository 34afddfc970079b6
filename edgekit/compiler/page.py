"""One page compiled: its fragments for every tier and its route, or the findings that forbid it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from edgekit.compiler.assemble import Assembled, SurrogateError, UnwritableError, assemble
from edgekit.compiler.contexts import check_contexts
from edgekit.compiler.delivery import exceeds, infer_delivery, strictest
from edgekit.compiler.links import DeadLink, LinkChecker
from edgekit.compiler.opaque import Placed
from edgekit.compiler.trace import Text, Traced, Tracer
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.fragment import Fragment
from edgekit.model.island import MARK_START
from edgekit.model.keys import PAGE_TPL, STATIC_PAGES, Namespace, page_key
from edgekit.model.manifest import Delivery, Route
from edgekit.project.site import Page, Site


class CompiledPage(msgspec.Struct, frozen=True):
    """What became of a page; without a route if there are findings. Dead links are none: they are warnings."""

    fragments: tuple[Fragment, ...]
    route: Route | None
    diagnostics: tuple[Diagnostic, ...]
    dead_links: tuple[DeadLink, ...] = ()


class PageCompiler:
    """Compiles the pages of a site, one after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.tracer = Tracer(site)
        self.files = _TemplateFiles(self.tracer)
        self.links = LinkChecker(site, self.tracer.findings)

    def compile(self, page: Page) -> CompiledPage:
        """Render the page for each tier, once if it does not read the tier; and for each of its choices."""
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
                    return CompiledPage((), None, tuple(found))
        delivery = strictest(infer_delivery(variant) for variants in traces.values() for variant in variants)
        found += self._check_delivery(page, delivery)
        if found:
            return CompiledPage((), None, tuple(found))
        return self._finish(page, delivery, traces)

    def _finish(self, page: Page, delivery: Delivery, traces: Mapping[str, tuple[Traced, ...]]) -> CompiledPage:
        """Write the fragments: one for all tiers where all have the same traces."""
        if delivery == "static":
            keys: list[tuple[Namespace, str]] = [(STATIC_PAGES, page.path)]
        else:
            keys = [(PAGE_TPL, page_key(page.path, tier)) for tier in traces]
        fragments: list[Fragment] = []
        found: list[Diagnostic] = []
        done: dict[int, Assembled] = {}
        for (namespace, key), variants in zip(keys, traces.values(), strict=False):
            if id(variants) not in done:
                assembled = self._assemble(page, variants, plain=namespace == STATIC_PAGES)
                if not isinstance(assembled, Assembled):
                    found += assembled
                    continue
                done[id(variants)] = assembled
            fragments.append(Fragment(namespace, key, *done[id(variants)]))
        if found:
            return CompiledPage((), None, tuple(found))
        return CompiledPage(tuple(fragments), Route(delivery, keys[0][0]), (), self.links.check(page, traces))

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
        found = [
            findings.make(
                problem.code,
                f"`{problem.placed.slot.source}`: {problem.what}",
                problem.help,
                problem.placed.location,
                page.path,
                _words(problem.placed),
            )
            for variant in variants
            for problem in check_contexts(variant.pieces)
        ]
        for variant in variants:
            found += self._check_text(page, variant)
        found += self._check_size(page, assembled.body)
        return found or assembled

    def _check_text(self, page: Page, traced: Traced) -> list[Diagnostic]:
        """Refuse the mark that says where an island goes: text of a page that looks like one would be cut out."""
        text = "".join(piece.text if isinstance(piece, Text) else "\0" for piece in traced.pieces)
        at = text.find(MARK_START)
        if at < 0:
            return []
        seen = 0
        location = None
        for piece in traced.pieces:
            seen += len(piece.text) if isinstance(piece, Text) else 1
            if seen > at:
                location = piece.location
                break
        what = f"the page's own text holds `{MARK_START}`, the mark of an island"
        return [self.tracer.findings.make("EK603", what, "write the comment in another way", location, page.path)]

    def _check_size(self, page: Page, body: bytes) -> list[Diagnostic]:
        limit = self.site.page_kib
        if len(body) <= limit * 1024:
            return []
        what = f"the fragment has {-(-len(body) // 1024)} KiB, more than the {limit} of `[budget] page_kib`"
        help = "print less on this page, or raise `page_kib`"
        return [self.tracer.findings.make("EK501", what, help, (page.template, 1), page.path)]

    def _check_delivery(self, page: Page, delivery: Delivery) -> list[Diagnostic]:
        asserted = "static" if page.path == "503" else page.delivery
        if asserted is None or not exceeds(delivery, asserted):
            return []
        reads = {"segment": "the tier or a field of `segment`", "user": "a field of `user` or `request`"}[delivery]
        if page.path == "503":
            code, what = "EK602", f"503.html reads {reads}, but it is shown when nothing can be read"
        else:
            code, what = "EK601", f'the page says `delivery = "{asserted}"`, but it reads {reads}'
        help = f"leave out what it reads (look at its layouts too), or serve it as `{delivery}`"
        if page.path == "503":
            help = "leave out what it reads (look at its layouts too)"
        return [self.tracer.findings.make(code, what, help, (page.template, 1), page.path)]


def _reads_tier(variants: tuple[Traced, ...]) -> bool:
    return any(variant.reads_tier for variant in variants)


class _TemplateFiles(dict[str, str]):
    """A template's name → its file, relative to the site folder where it lies in it."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__()
        self.environment = tracer.environment
        self.root = tracer.site.root

    def __missing__(self, name: str) -> str:
        filename = self.environment.get_template(name).filename
        file = Path(filename) if filename else Path(name)
        self[name] = file.relative_to(self.root).as_posix() if file.is_relative_to(self.root) else name
        return self[name]


def _words(placed: Placed) -> tuple[str, ...]:
    return placed.slot.source, placed.slot.source.rpartition(".")[2]

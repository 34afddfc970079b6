"""One page compiled: its fragments for every tier and its route, or the findings that forbid it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from edgekit.compiler.assemble import UnwritableError, assemble
from edgekit.compiler.contexts import check_contexts
from edgekit.compiler.delivery import exceeds, infer_delivery, strictest
from edgekit.compiler.opaque import Placed
from edgekit.compiler.trace import Text, Traced, Tracer
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.fragment import Fragment
from edgekit.model.keys import PAGE_TPL, STATIC_PAGES, page_key
from edgekit.model.manifest import Delivery, Route
from edgekit.project.site import Page, Site

INJECT_MARK = "<!--INJECT:"


class CompiledPage(msgspec.Struct, frozen=True):
    """What became of a page; without a route if there are findings."""

    fragments: tuple[Fragment, ...]
    route: Route | None
    diagnostics: tuple[Diagnostic, ...]


class PageCompiler:
    """Compiles the pages of a site, one after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.tracer = Tracer(site)
        self.files = _TemplateFiles(self.tracer)

    def compile(self, page: Page) -> CompiledPage:
        """Render the page for each tier; once if it does not read the tier."""
        tiers = sorted(self.site.tiers)
        first = self.tracer.trace(page, tiers[0])
        if not isinstance(first, Traced):
            return CompiledPage((), None, tuple(first))
        traces = {tiers[0]: first}
        found: list[Diagnostic] = []
        for tier in tiers[1:]:
            if not first.reads_tier:
                traces[tier] = first
                continue
            traced = self.tracer.trace(page, tier)
            if isinstance(traced, Traced):
                traces[tier] = traced
            else:
                found += traced
        delivery = strictest(map(infer_delivery, traces.values()))
        found += self._check_delivery(page, delivery)
        if found:
            return CompiledPage((), None, tuple(found))
        return self._finish(page, delivery, traces)

    def _finish(self, page: Page, delivery: Delivery, traces: Mapping[str, Traced]) -> CompiledPage:
        if delivery == "static":
            traced = next(iter(traces.values()))
            fragment, found = self._fragment(page, traced, None)
            fragments = [fragment] if fragment else []
        else:
            fragments, found = [], []
            done: dict[int, Fragment] = {}
            for tier, traced in traces.items():
                if id(traced) in done:
                    key = page_key(page.path, tier)
                    fragments.append(msgspec.structs.replace(done[id(traced)], key=key))
                    continue
                fragment, problems = self._fragment(page, traced, tier)
                found += problems
                if fragment:
                    done[id(traced)] = fragment
                    fragments.append(fragment)
        if found:
            return CompiledPage((), None, tuple(found))
        route = Route(delivery, STATIC_PAGES if delivery == "static" else PAGE_TPL)
        return CompiledPage(tuple(fragments), route, ())

    def _fragment(self, page: Page, traced: Traced, tier: str | None) -> tuple[Fragment | None, list[Diagnostic]]:
        """A fragment for a tier, or with None a static page."""
        findings = self.tracer.findings
        try:
            body, cuts, trace = assemble(traced, self.files, plain=tier is None)
        except UnwritableError as error:
            help = "print it where autoescaping is on"
            what = f"`{error.placed.slot.source}`: it is printed without escaping"
            return None, [findings.make("EK207", what, help, error.placed.location, page.path, _words(error.placed))]
        found = [
            findings.make(
                problem.code,
                f"`{problem.placed.slot.source}`: {problem.what}",
                problem.help,
                problem.placed.location,
                page.path,
                _words(problem.placed),
            )
            for problem in check_contexts(traced.pieces)
        ]
        found += self._check_text(page, traced) + self._check_size(page, body)
        if found:
            return None, found
        if tier is None:
            return Fragment(STATIC_PAGES, page.path, body, (), trace), []
        return Fragment(PAGE_TPL, page_key(page.path, tier), body, cuts, trace), []

    def _check_text(self, page: Page, traced: Traced) -> list[Diagnostic]:
        """Refuse the mark that says where an island goes: text of a page that looks like one would be cut out."""
        text = "".join(piece.text if isinstance(piece, Text) else "\0" for piece in traced.pieces)
        at = text.find(INJECT_MARK)
        if at < 0:
            return []
        seen = 0
        location = None
        for piece in traced.pieces:
            seen += len(piece.text) if isinstance(piece, Text) else 1
            if seen > at:
                location = piece.location
                break
        what = f"the page's own text holds `{INJECT_MARK}`, the mark of an island"
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

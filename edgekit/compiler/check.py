"""Some files of a site checked: the pages that depend on them compiled, and nothing published.

What is found is the same with and without the record of a build, which only saves the work for all other pages.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from edgekit.compiler.affected import find_affected
from edgekit.compiler.answers import Answers
from edgekit.compiler.deadlinks import report_dead_links
from edgekit.compiler.holding import name_islands
from edgekit.compiler.links import DeadLink
from edgekit.compiler.named import NamedFiles
from edgekit.compiler.page import CompiledPage
from edgekit.compiler.proof import Proof
from edgekit.compiler.record import Previous
from edgekit.compiler.spending import Spending
from edgekit.compiler.validate import Validator
from edgekit.compiler.workers import Compile, page_compiler
from edgekit.diagnostics.diagnostic import Diagnostic, merge_diagnostics
from edgekit.project.site import Page, Site


class CheckResult(msgspec.Struct, frozen=True):
    """`pages` counts the pages, islands and items that depend on the files, `compiled` those that were compiled."""

    diagnostics: tuple[Diagnostic, ...]
    pages: int
    compiled: int


def check_files(
    site: Site,
    files: Iterable[Path],
    previous: Previous | None,
    *,
    jobs: int | None = None,
    prove: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> CheckResult:
    """Compile and validate the pages that depend on `files`: all of them that are there, and those that are gone.

    `previous` is a build of the same inputs (`Site.inputs`); without it all pages are compiled to know which
    they are. `jobs` and `prove` are those of `compile_site`; `progress` is told the number of pages done and of all.
    """
    named = NamedFiles(site, files)
    pages = site.all_pages() if previous is None else find_affected(site, named, previous)
    check = _Check(site, named, prove=prove)
    if pages:
        with page_compiler(site, len(pages), jobs) as compile:
            check.run(pages, compile, progress)
    return CheckResult(tuple(merge_diagnostics(check.found)), check.wanted, check.compiled)


class _Check:
    """One check: `found` are the findings, `wanted` counts the pages that depend on the files."""

    def __init__(self, site: Site, named: NamedFiles, *, prove: bool) -> None:
        self.site = site
        self.named = named
        self.found: list[Diagnostic] = list(site.warnings) if named.everything else []
        self.wanted = self.compiled = 0
        validator = Validator(site)
        self._findings = validator.findings
        self._proof = Proof(validator, all_fragments=prove)
        self._answers = Answers(site, validator.findings)
        self._spending = Spending(site, validator.findings)
        self._dead_links: list[tuple[str, DeadLink]] = []
        self._held: dict[str, set[str]] = {}
        self._wanted_islands: set[str] = set()
        self._whole = True

    def run(self, pages: Sequence[Page], compile: Compile, progress: Callable[[int, int], None]) -> None:
        """Islands first: whether a page depends on the files, its islands decide, too."""
        chosen = {page.path for page in pages if page.island}
        islands = [page for page in self.site.all_pages() if page.island]
        first = [page for page in islands if page.path in chosen or self.site.islands[page.island].page is not None]
        first.sort(key=lambda page: page.island not in self.site.shown_by_lists())  # these hold none themselves
        pages = [*first, *(page for page in pages if not page.island)]
        needed: set[str] = set()
        for page, compiled in zip(pages, compile(pages), strict=True):
            standing = self._standing_in(compiled)
            if self._add(page, compiled, standing):
                needed |= standing
            progress(self.compiled, len(pages))
        known = {page.path for page in first}
        rest = [page for page in islands if page.island in needed and page.path not in known]
        for page, compiled in zip(rest, compile(rest), strict=True):
            self._add(page, compiled, set())
        if not self._has_errors():
            self.found += self._proof.finish()
        if self._whole and not self._has_errors():
            self.found += self._answers.check()
        if self._whole and not self._has_errors():
            self.found += self._spending.check(*self._answers.finish())
        self.found += report_dead_links(self._dead_links, self.site, self._findings)

    def _add(self, page: Page, compiled: CompiledPage, standing: set[str]) -> bool:
        """Note a page; whether it depends on the files, be it by an island of the names in `standing`."""
        self.compiled += 1
        own = self.named.concern(compiled.reads)
        wanted = own or not standing.isdisjoint(self._wanted_islands)
        if page.island:
            self._held[page.island] = standing
            if wanted:
                self._wanted_islands.add(page.island)
        self.wanted += wanted
        if compiled.route is None:
            self._whole &= not page.island
            self.found += compiled.diagnostics if own else ()
            return wanted
        if page.island or wanted:
            self._answers.add(page, compiled)
            over = self._spending.add(page, compiled)
            self.found += over if own else ()
        if own:
            self._dead_links += ((page.path, dead) for dead in compiled.dead_links)
            for fragment in compiled.fragments:
                self.found += self._proof.add(page, fragment)
        return wanted

    def _standing_in(self, compiled: CompiledPage) -> set[str]:
        """The islands that a page or island holds, those that stand in them included."""
        names = name_islands(self.site, compiled)
        return names.union(*(self._held.get(name, ()) for name in names))

    def _has_errors(self) -> bool:
        return any(diagnostic.severity == "error" for diagnostic in self.found)

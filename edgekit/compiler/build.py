"""A site compiled: all pages, in one process or several, handed on as fragments and one pack."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Final

import msgspec

from edgekit.compiler.answers import Answers
from edgekit.compiler.comparisons import check_comparisons
from edgekit.compiler.deadlinks import report_dead_links
from edgekit.compiler.links import DeadLink
from edgekit.compiler.page import CompiledPage, PageCompiler
from edgekit.compiler.spending import Spending
from edgekit.compiler.unused import Uses
from edgekit.compiler.validate import SAMPLE, Validator
from edgekit.diagnostics.diagnostic import Diagnostic, failure, merge_diagnostics
from edgekit.model.digest import digest
from edgekit.model.fragment import Fragment, encode_trace
from edgekit.model.keys import ASSETS, STATIC_PAGES
from edgekit.model.manifest import IndexEntry, Manifest, Pack, build_pack
from edgekit.project.assets import asset_url
from edgekit.project.site import Page, Site

_CHUNK: Final = 32
"""Pages a worker gets at a time: enough that handing over costs little, few enough that progress shows."""

_WORTH_WORKERS: Final = 1_000
"""Renders from which several processes are faster than one, their start included."""


class CompileResult(msgspec.Struct, frozen=True):
    """`pack` is None if any diagnostic is an error."""

    pack: Pack | None
    diagnostics: tuple[Diagnostic, ...]


def compile_site(
    site: Site,
    emit: Callable[[Fragment], None],
    *,
    jobs: int | None = None,
    prove: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> CompileResult:
    """Compile every page, island, item and asset of a site, and validate what came out (`validate`): a sample, or with
    `prove` all.

    `emit` gets each fragment as soon as it is made, in the order of `site.all_pages()`; nothing more after the first
    finding. `jobs` is the number of processes (default: as the site's size and the machine ask for); no thread may be
    running if it is not 1. `progress` is told the number of pages done and of all. All pages are compiled, so that one
    run finds all.
    """
    entries: list[IndexEntry] = []
    diagnostics: list[Diagnostic] = []
    dead_links: list[tuple[str, DeadLink]] = []

    def keep(fragment: Fragment, trace: str) -> None:
        entries.append(IndexEntry(fragment.namespace, fragment.key, fragment.digest.hex(), trace))
        emit(fragment)

    validator = Validator(site)
    sample: list[tuple[bytes, Page, Fragment]] = []
    pages = site.all_pages()
    answers = Answers(site, validator.findings)
    spending = Spending(site, validator.findings)
    uses = Uses(site, validator.oracle.environment)
    with _compile_pages(site, pages, jobs) as all_compiled:
        for done, (page, compiled) in enumerate(zip(pages, all_compiled, strict=True), 1):
            diagnostics += compiled.diagnostics or spending.add(page, compiled)
            dead_links += ((page.path, dead) for dead in compiled.dead_links)
            if compiled.route is not None:
                answers.add(page, compiled)
                uses.add(page, compiled)
            if not diagnostics:
                for fragment in compiled.fragments:
                    assert fragment.trace is not None
                    keep(fragment, digest(encode_trace(fragment.trace)).hex())
                    if prove:
                        diagnostics += validator.check(page, _tier_of(site, fragment), fragment, all_variants=True)
                    else:
                        sample.append((fragment.digest, page, fragment))
                if len(sample) > 2 * SAMPLE:
                    sample = _lowest(sample)
            if progress is not None:
                progress(done, len(pages))
    for _, page, fragment in _lowest(sample) if not diagnostics else ():
        diagnostics += validator.check(page, _tier_of(site, fragment), fragment)
    diagnostics += answers.check()
    if not diagnostics:
        diagnostics += spending.check(*answers.finish())
    warnings = [*site.warnings, *report_dead_links(dead_links, site, validator.findings)]
    if diagnostics:
        return CompileResult(None, tuple(merge_diagnostics([*diagnostics, *warnings])))
    warnings += uses.report(entries)
    warnings += check_comparisons(site, validator.findings, uses.templates)
    for fragment in _assets(site):
        keep(fragment, "")
    routes, islands = answers.finish()
    manifest = Manifest(
        default_tier=site.default_tier,
        routes=routes,
        islands=islands,
        slots=dict(site.slots),
        segments={tier: dict(fields) for tier, fields in site.tiers.items()},
        ttl=site.ttl,
        cpu_ms=site.cpu_ms,
        identity=site.identity,
        redirects=site.redirects,
        headers={pattern: dict(headers) for pattern, headers in site.headers.items()},
    )
    return CompileResult(build_pack(manifest, entries), tuple(merge_diagnostics(warnings)))


def _lowest(sample: list[tuple[bytes, Page, Fragment]]) -> list[tuple[bytes, Page, Fragment]]:
    """Those of the lowest digests: chosen by what they hold, not by where they stand."""
    return sorted(sample, key=lambda entry: (entry[0], entry[2].key))[:SAMPLE]


def _tier_of(site: Site, fragment: Fragment) -> str:
    """The tier a fragment is for; any, for a static page."""
    return site.default_tier if fragment.namespace == STATIC_PAGES else fragment.key.rpartition(":")[2]


def _assets(site: Site) -> Iterator[Fragment]:
    """The site's assets as bodies; files of the same content whose names give the same URL are one.

    Raises EdgekitError if a file is not what its URL was made for: that URL is cached for a year.
    """
    for url, asset in {asset.url: asset for asset in site.assets.values()}.items():
        body = asset.file.read_bytes()
        if asset_url(asset.name, body) != url:
            message = f"`static/{asset.name}` changed while the site was built"
            raise failure("EK419", message, help="build again when it is finished", file=str(asset.file))
        yield Fragment(ASSETS, url, body)


@contextmanager
def _compile_pages(site: Site, pages: Sequence[Page], jobs: int | None) -> Iterator[Iterator[CompiledPage]]:
    """Pages of the site compiled, in their order."""
    if jobs is None:
        worth = len(pages) * len(site.tiers) >= _WORTH_WORKERS
        jobs = (os.cpu_count() or 1) if worth else 1
    if jobs == 1:
        yield map(PageCompiler(site).compile, pages)
        return
    reading, writing = os.pipe()
    # Forked, so that all processes see the site as it was read once, whatever happens to its files meanwhile.
    with (
        os.fdopen(reading, "rb"),
        os.fdopen(writing, "wb") as alive,
        ProcessPoolExecutor(
            jobs, multiprocessing.get_context("fork"), _start_worker, (site, pages, reading, writing)
        ) as workers,
    ):
        try:
            # Ctrl-C reaches the whole group, but a worker has nothing to say to it: forked here, it never hears it.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                compiled = workers.map(_compile_page, range(len(pages)), chunksize=_CHUNK)
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            yield compiled
        except BaseException:
            alive.close()
            raise


_worker: PageCompiler
_pages: Sequence[Page]


def _start_worker(site: Site, pages: Sequence[Page], reading: int, writing: int) -> None:
    global _worker, _pages
    os.close(writing)
    Thread(target=_end_with_parent, args=(reading,), daemon=True).start()
    _worker, _pages = PageCompiler(site), pages


def _end_with_parent(reading: int) -> None:
    """End when the parent closes the pipe, or is killed: a worker may be in the midst of a page, or wait for one."""
    os.read(reading, 1)
    os._exit(1)


def _compile_page(number: int) -> CompiledPage:
    return _worker.compile(_pages[number])

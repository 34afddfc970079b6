"""A site compiled: all pages, in one process or several, handed on as fragments and one pack."""

from collections.abc import Callable

import msgspec

from edgekit.compiler.answers import Answers
from edgekit.compiler.comparisons import check_comparisons
from edgekit.compiler.deadlinks import report_dead_links
from edgekit.compiler.digests import Digests
from edgekit.compiler.links import DeadLink
from edgekit.compiler.proof import Proof
from edgekit.compiler.record import NO_BUILD, Previous, Recorder
from edgekit.compiler.spending import Spending
from edgekit.compiler.stale import find_stale
from edgekit.compiler.unused import Uses
from edgekit.compiler.validate import Validator
from edgekit.compiler.workers import page_compiler
from edgekit.diagnostics.diagnostic import Diagnostic, failure, merge_diagnostics
from edgekit.model.digest import digest
from edgekit.model.fragment import Fragment, encode_trace
from edgekit.model.keys import ASSETS
from edgekit.model.manifest import IndexEntry, Manifest, Pack, build_pack
from edgekit.project.site import Asset, Site


class CompileResult(msgspec.Struct, frozen=True):
    """`pack` is None if any diagnostic is an error. `rendered` counts the pages, islands and items that were."""

    pack: Pack | None
    diagnostics: tuple[Diagnostic, ...]
    rendered: int


def compile_site(
    site: Site,
    emit: Callable[[Fragment], None],
    *,
    jobs: int | None = None,
    prove: bool = False,
    progress: Callable[[int, int], None] | None = None,
    previous: Previous = NO_BUILD,
) -> CompileResult:
    """Compile every page, island, item and asset of a site, and validate what came out (`validate`): a sample, or with
    `prove` all.

    `emit` gets each fragment as soon as it is made, in the order of `site.all_pages()`; nothing more after the first
    finding. `jobs` is the number of processes (default: as the site's size and the machine ask for); no thread may be
    running if it is not 1. `progress` is told the number of pages rendered and of all that will be. One run finds all.

    After a `previous` build only the pages that can have changed since are rendered (`stale`), and only their fragments
    and new assets go to `emit`: the other bodies are there. Pack and diagnostics are those of a full compile.
    """
    entries: list[IndexEntry] = []
    diagnostics: list[Diagnostic] = []
    dead_links: list[tuple[str, DeadLink]] = []

    def keep(fragment: Fragment, trace: str) -> None:
        entries.append(IndexEntry(fragment.namespace, fragment.key, fragment.digest.hex(), trace))
        emit(fragment)

    validator = Validator(site)
    proof = Proof(validator, all_fragments=prove)
    digests = Digests(site)
    stale = find_stale(site, digests, previous)
    recorder = Recorder(site, digests, previous.reads)
    answers = Answers(site, validator.findings)
    spending = Spending(site, validator.findings)
    uses = Uses(site, validator.oracle.environment)
    with page_compiler(site, len(stale), jobs) as compile:
        rendering = compile([entry.page for entry in stale.values()])
        done = 0
        for page in site.all_pages():
            compiled = next(rendering) if page.path in stale else previous.restore(page)
            diagnostics += compiled.diagnostics or spending.add(page, compiled)
            dead_links += ((page.path, dead) for dead in compiled.dead_links)
            if compiled.route is not None:
                answers.add(page, compiled)
                uses.add(page, compiled)
            if page.path not in stale:
                recorder.keep(page)
                entries += previous.find_entries(site, page)
                continue
            if not diagnostics:
                for fragment in compiled.fragments:
                    assert fragment.trace is not None
                    keep(fragment, digest(encode_trace(fragment.trace)).hex())
                    diagnostics += proof.add(page, fragment)
                recorder.add(page, compiled)
            done += 1
            if progress is not None:
                progress(done, len(stale))
    if not diagnostics:
        diagnostics += proof.finish()
    diagnostics += answers.check()
    if not diagnostics:
        diagnostics += spending.check(*answers.finish())
    warnings = [*site.warnings, *report_dead_links(dead_links, site, validator.findings)]
    if diagnostics:
        return CompileResult(None, tuple(merge_diagnostics([*diagnostics, *warnings])), len(stale))
    warnings += uses.report(entries)
    warnings += check_comparisons(site, validator.findings, uses.templates)
    for asset in {asset.url: asset for asset in site.assets.values()}.values():
        if (entry := previous.find_asset(asset)) is not None:
            entries.append(entry)
        else:
            keep(_read_asset(asset), "")
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
        origin=site.origin or msgspec.UNSET,
        share_segments=site.share_segments or msgspec.UNSET,
    )
    pack = build_pack(manifest, entries, recorder.finish())
    return CompileResult(pack, tuple(merge_diagnostics(warnings)), len(stale))


def _read_asset(asset: Asset) -> Fragment:
    """An asset as a body. Raises EdgekitError if it is not what its URL was made for: that is cached for a year."""
    fragment = Fragment(ASSETS, asset.url, asset.file.read_bytes())
    if fragment.digest.hex() != asset.digest:
        message = f"`static/{asset.name}` changed while the site was built"
        raise failure("EK419", message, help="build again when it is finished", file=str(asset.file))
    return fragment

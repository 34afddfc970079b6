"""A page compiled with all that stands in it: its islands, and the items of its list slots."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from edgekit.compiler.answers import Answers
from edgekit.compiler.findings import Findings
from edgekit.compiler.page import CompiledPage, PageCompiler
from edgekit.compiler.spending import Spending
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError, merge_diagnostics
from edgekit.model.manifest import Delivery
from edgekit.project.site import Page, Site


class Whole(NamedTuple):
    """A page with what it holds, compiled, by path; the class of its answer, and those of its islands by name.

    `pages` are the page and what it holds, in the order in which they were met. `spending` knows what they cost.
    """

    pages: tuple[Page, ...]
    compiled: Mapping[str, CompiledPage]
    delivery: Delivery
    islands: Mapping[str, Delivery]
    spending: Spending


def compile_whole(site: Site, page: Page, progress: Callable[[int, int], None]) -> Whole:
    """Compile a page of the site, its islands, and all items of its list slots.

    `progress` is told the number of pages done and of all. Raises EdgekitError, 1, with everything that is wrong.
    """
    compiler = PageCompiler(site)
    found: dict[str, Page] = {}
    compiled: dict[str, CompiledPage] = {}
    names = {page.island} if page.island else set()
    waiting = [page]
    for part in waiting:  # which grows
        if part.path in found:
            continue
        found[part.path] = part
        compiled[part.path] = compiler.compile(part)
        held = _list_held(site, compiled[part.path])
        names.update(held)
        for name in held:
            island = site.islands[name]
            waiting += island.items.values() if island.page is None else [island.page]
        progress(len(found), len(waiting))
    _stop_if_any([diagnostic for part in compiled.values() for diagnostic in part.diagnostics])
    return _put_together(
        _narrow(site, page, names, compiled), tuple(found.values()), compiled, compiler.tracer.findings
    )


def _list_held(site: Site, compiled: CompiledPage) -> list[str]:
    """The islands that a page places, fetches or shows in a list."""
    names = [*compiled.islands, *compiled.clients]
    for slot in map(site.slots.__getitem__, compiled.lists):
        names += [slot.island, str(slot.default)]
    return names


def _narrow(site: Site, page: Page, names: set[str], compiled: Mapping[str, CompiledPage]) -> Site:
    """The site as if it had only this page, and what it holds."""
    lists = {name for part in compiled.values() for name in part.lists}
    return replace(
        site,
        pages=() if page.island else (page,),
        islands={name: island for name, island in site.islands.items() if name in names},
        slots={name: slot for name, slot in site.slots.items() if not slot.island or name in lists},
    )


def _put_together(
    site: Site, pages: tuple[Page, ...], compiled: Mapping[str, CompiledPage], findings: Findings
) -> Whole:
    answers, spending = Answers(site, findings), Spending(site, findings)
    found: list[Diagnostic] = []
    for page in pages:
        answers.add(page, compiled[page.path])
        found += spending.add(page, compiled[page.path])
    _stop_if_any([*found, *answers.check()])
    routes, islands = answers.finish()
    _stop_if_any(spending.check(routes, islands))
    route = compiled[pages[0].path].route
    assert route is not None
    delivery = routes.get(pages[0].path, route).delivery
    return Whole(pages, compiled, delivery, {name: island.delivery for name, island in islands.items()}, spending)


def _stop_if_any(found: list[Diagnostic]) -> None:
    if found:
        raise EdgekitError(merge_diagnostics(found), status=1)

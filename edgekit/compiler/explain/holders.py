"""Which pages hold an island, or show its items: only compiling them all tells, for a page may place it or not."""

from collections.abc import Callable

from edgekit.compiler.holding import name_islands
from edgekit.compiler.workers import page_compiler
from edgekit.project.site import Site


def find_holders(site: Site, name: str, progress: Callable[[int, int], None]) -> tuple[str, ...]:
    """The paths of the pages in which the island stands or that fetch it, be it within another island; sorted.

    `progress` is told the number of pages done and of all. Pages that do not compile are left out.
    """
    pages = site.all_pages()
    held: dict[str, set[str]] = {}
    inside: dict[str, set[str]] = {}
    with page_compiler(site, len(pages), None) as compile:
        for page, compiled in zip(pages, compile(pages), strict=True):
            names = name_islands(site, compiled)
            if page.island:
                inside.setdefault(page.island, set()).update(names)
            else:
                held[page.path] = names
            progress(len(held), len(site.pages))
    wanted = {name}
    while more := {other for other, names in inside.items() if names & wanted} - wanted:
        wanted |= more
    return tuple(sorted(path for path, names in held.items() if names & wanted))

"""Which pages have to be compiled to know what some files have done to them.

A page that the last build published, and all of whose inputs and templates are what they were, asks for the same as
then: the build's record says whether it depends on a file. Of every other page only compiling tells.
"""

from edgekit.compiler.digests import Digests
from edgekit.compiler.holding import name_islands
from edgekit.compiler.named import NamedFiles
from edgekit.compiler.names import ASSET, CLOCK, LINK, TEMPLATE, split_read
from edgekit.compiler.record import Previous
from edgekit.project.site import Page, Site


def find_affected(site: Site, files: NamedFiles, previous: Previous) -> tuple[Page, ...]:
    """Those pages, in the order of `site.all_pages()`; `previous` is a build of the same inputs.

    Templates and assets that it read and that are gone are added to `files`: to a hook, version control names only
    files that are there.
    """
    reads = previous.reads
    assert reads.inputs == site.inputs
    pages = site.all_pages()
    digests = Digests(site)
    now = [digests.of_read(read) for read, _ in reads.reads]
    kinds = [split_read(read) for read, _ in reads.reads]
    for (kind, name), (_, before), digest in zip(kinds, reads.reads, now, strict=True):
        if before and not digest and kind in (TEMPLATE, ASSET):
            files.add_name(name if kind == TEMPLATE else f"static/{name}")
    stirred = {
        number
        for number, (kind, name) in enumerate(kinds)
        if (now[number] != reads.reads[number][1] and kind not in (CLOCK, LINK)) or files.hold(kind, name)
    }
    if not reads.pages.keys() <= {page.path for page in pages}:
        files.everything = True  # a page is gone: any other may link to it
    if files.everything:
        return pages
    affected: set[str] = set()
    islands: set[str] = set()
    shown = site.shown_by_lists()
    # What stands in others comes first.
    for page in sorted(pages, key=lambda page: (not page.island, page.island not in shown)):
        record = reads.pages.get(page.path)
        if (
            record is None
            or not stirred.isdisjoint(record.reads)
            or not islands.isdisjoint(name_islands(site, previous.outcome(page)))
        ):
            affected.add(page.path)
            islands |= {page.island} - {""}
    return tuple(page for page in pages if page.path in affected)

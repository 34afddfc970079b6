"""Which islands a page holds."""

from edgekit.compiler.page import CompiledPage
from edgekit.project.site import Site


def name_islands(site: Site, compiled: CompiledPage) -> set[str]:
    """The islands that stand in a page or that it fetches, those of its lists' items and defaults included."""
    names = {*compiled.islands, *compiled.clients}
    for slot in map(site.slots.__getitem__, compiled.lists):
        names |= {slot.island, str(slot.default)}
    return names

"""Which pages of a site have to be rendered anew, and why.

A page's fragments are a function of what it is and what it reads. If all of that is what it was when an earlier build
rendered it, then so are they.
"""

from collections.abc import Mapping
from typing import NamedTuple

from edgekit.compiler.digests import Digests
from edgekit.compiler.record import Previous
from edgekit.project.site import Page, Site


class Reason(NamedTuple):
    """A read that is another one now: its name, and the digests that it had and has (empty for nothing)."""

    read: str
    before: str
    now: str


class Stale(NamedTuple):
    """A page to be rendered. It is `new` if no earlier build tells of it, and `itself` is another one if its template's
    name, parameters, item or promised class are."""

    page: Page
    new: bool
    itself: bool
    reasons: tuple[Reason, ...]


def find_stale(site: Site, digests: Digests, previous: Previous) -> dict[str, Stale]:
    """By their paths, in the order of `site.all_pages()`."""
    changed: Mapping[int, Reason] = {
        number: Reason(name, before, now)
        for number, (name, before) in enumerate(previous.reads.reads)
        if (now := digests.of_read(name)) != before
    }
    stale = {}
    for page in site.all_pages():
        record = previous.reads.pages.get(page.path)
        if record is None:
            stale[page.path] = Stale(page, True, False, ())
            continue
        itself = record.own != digests.of_page(page)
        if itself or not changed.keys().isdisjoint(record.reads):
            reasons = tuple(changed[number] for number in record.reads if number in changed)
            stale[page.path] = Stale(page, False, itself, reasons)
        elif len(previous.find_entries(site, page)) != len(record.sizes):
            stale[page.path] = Stale(page, True, False, ())
    return stale

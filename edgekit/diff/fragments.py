"""The fragments of both sides by page and tier: which pages differ, and which body takes which other one's place."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from edgekit.diff.plan import Action, PageChange, PageKind
from edgekit.model.keys import PAGE_TPL, STATIC_PAGES
from edgekit.model.manifest import IndexEntry

STATIC: Final = ""
"""Where a tier stands: the one body of a page that is the same for all."""

Fragments = Mapping[str, Mapping[str, str]]
"""The digest (hex) of each fragment by path and tier."""


class Replaced(NamedTuple):
    """A body (by digest, hex) that takes another's place, and where it does: paths and tiers, sorted.

    `was_static`, `is_static`: the old, the new one is a static page, whose text is not read by the grammar of tokens.
    """

    old: str
    new: str
    was_static: bool
    is_static: bool
    places: tuple[tuple[str, str], ...]


def read_fragments(index: Iterable[IndexEntry]) -> Fragments:
    """The fragments of an index; those of pages, islands and items, error pages included."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for entry in index:
        if entry.namespace == STATIC_PAGES:
            found[entry.key][STATIC] = entry.digest
        elif entry.namespace == PAGE_TPL:
            path, _, tier = entry.key.rpartition(":")
            found[path][tier] = entry.digest
    return found


def kind_of(path: str) -> PageKind:
    """What a path names: `island/menu` an island, `island/card/p-1` an item, all others are pages."""
    if not path.startswith("island/"):
        return "page"
    return "item" if path.count("/") > 1 else "island"


def compare_pages(old: Fragments, new: Fragments) -> Iterator[PageChange]:
    """The pages that differ, sorted by path."""
    for path in sorted({*old, *new}):
        before, after = old.get(path, {}), new.get(path, {})
        if before == after:
            continue
        action: Action = "added" if not before else "changed" if after else "removed"
        yield PageChange(
            path=path,
            kind=kind_of(path),
            action=action,
            added=tuple(sorted(after.keys() - before.keys())),
            changed=tuple(sorted(tier for tier in before.keys() & after.keys() if before[tier] != after[tier])),
            removed=tuple(sorted(before.keys() - after.keys())),
        )


def find_replaced(old: Fragments, new: Fragments) -> list[Replaced]:
    """Each pair of bodies of which one takes the other's place, sorted by the first place.

    A page that becomes one for each tier, or one for all, is compared with what it was before. A tier that comes or
    goes replaces nothing.
    """
    places: defaultdict[tuple[str, str, bool, bool], list[tuple[str, str]]] = defaultdict(list)
    for path in sorted(old.keys() & new.keys()):
        before, after = old[path], new[path]
        if before == after:
            continue
        was_static, is_static = STATIC in before, STATIC in after
        for tier in sorted({*before, *after}):
            one = before.get(STATIC if was_static else tier)
            other = after.get(STATIC if is_static else tier)
            moved_for_all = tier == STATIC and was_static != is_static  # its tiers say it, one by one
            if one is not None and other is not None and one != other and not moved_for_all:
                places[one, other, was_static, is_static].append((path, tier))
    return [Replaced(*bodies, tuple(found)) for bodies, found in places.items()]

"""Which keys replay looks up for an answer (contract, section 8)."""

from collections import Counter
from collections.abc import Iterator

from edgekit.compiler.budget import list_name
from edgekit.compiler.explain.explanation import LookUp
from edgekit.compiler.explain.whole import Whole
from edgekit.fragment.fuel import SlotUse
from edgekit.fragment.values import TRIED_PER_ITEM
from edgekit.model.island import island_path
from edgekit.model.keys import PAGE_TPL, SEGMENT_CONFIG, USER_SEGMENTS, page_key
from edgekit.project.site import Site


def list_lookups(site: Site, whole: Whole) -> tuple[LookUp, ...]:
    """The look-ups of an answer with a page or island, in the order of replay, each at most so many times."""
    page = whole.pages[0]
    route = whole.compiled[page.path].route
    assert route is not None
    found = [LookUp(USER_SEGMENTS, "{id}", 1)] if route.namespace == PAGE_TPL or whole.delivery != "static" else []
    key = page_key(page.path, "{tier}") if route.namespace == PAGE_TPL else page.path
    found.append(LookUp(route.namespace, key, 1))
    held = _count_held(site, whole, page.path)
    if _is_live(whole, [page.path, *held]):
        found.append(LookUp(SEGMENT_CONFIG, "{tier}", 1))
    return (*found, *(LookUp(PAGE_TPL, page_key(path, "{tier}"), most) for path, most in held.items()))


def _count_held(site: Site, whole: Whole, path: str) -> Counter[str]:
    """How often each island, and the items of each, is looked up for a page or island; `{key}` stands for any item.

    What is printed several times in one body is looked up once for it.
    """
    every = [contents for variants in whole.compiled[path].contents for contents in variants]
    names = dict.fromkeys(name for contents in every for name, _ in contents.inserts)
    lists = {list_name(slot): slot for slot in site.slots.values() if slot.island}
    held: Counter[str] = Counter()
    for name in names:
        if name in lists:
            slot = lists[name]
            held[island_path(slot.island, "{key}")] += TRIED_PER_ITEM * slot.max_items
            held[island_path(str(slot.default))] += 1
        else:
            held[island_path(name)] += 1
            held += _count_held(site, whole, island_path(name))
    return held


def _is_live(whole: Whole, paths: list[str]) -> bool:
    return any(slot.root == "segment" for path in paths for slot in _slots_of(whole, path))


def _slots_of(whole: Whole, path: str) -> Iterator[SlotUse]:
    start, any_key, _ = path.partition("{key}")
    for known, compiled in whole.compiled.items():
        if known.startswith(start) if any_key else known == path:
            for variants in compiled.contents:
                for contents in variants:
                    yield from contents.slots

"""Why pages are rendered anew, in words."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from edgekit.compiler import names
from edgekit.compiler.stale import Reason, Stale


def describe_stale(stale: Stale) -> tuple[str, ...]:
    """Why a page is rendered: `its item changed`, `templates/layout.html changed`."""
    if stale.new:
        return ("no earlier build tells of it",)
    found = [_describe_page(stale)] if stale.itself else []
    links = []
    for reason in stale.reasons:
        kind, name = names.split_read(reason.read)
        if kind == names.LINK:
            links.append(_describe(reason, kind, name))
        elif kind != names.UNSETTLED:
            found.append(_describe(reason, kind, name))
    return tuple(found or links)  # an asset that changed has another URL, to which the page has linked, too


def group_stale(stale: Iterable[Stale]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Reasons, and the paths of the pages that are rendered for them, in the order of the first of each."""
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for entry in stale:
        groups[describe_stale(entry)].append(entry.page.path)
    yield from groups.items()


def _describe_page(stale: Stale) -> str:
    return "its item changed" if stale.page.item_name else "what `edgekit.toml` says of it changed"


def _describe(reason: Reason, kind: str, name: str) -> str:
    became = "changed" if reason.before and reason.now else "is there now" if reason.now else "is gone"
    match kind:
        case names.TEMPLATE:
            return f"template `{name}` {became}"
        case names.ASSET:
            return f"`static/{name}` {became}"
        case names.DATA:
            return f"`{'.'.join(['data', *names.split_data(name)])}` {became}"
        case names.FIELD:
            return f"`segment.{name}` {became}"
        case names.SLOT:
            return f"slot `{name}` {became}"
        case names.ISLAND:
            return f"island `{name}` {became}"
        case names.LINK:
            return f"`{name}`, which it links to, {became}"
        case names.FUNCTIONS:
            return "the site's own functions changed"
        case names.CLOCK:
            return "`build_time` is another"
    return "edgekit changed, or a setting that every page depends on"

"""What of a site somebody asks about: a page, an island or item, or a path that leads elsewhere."""

from collections.abc import Iterable
from urllib.parse import unquote

from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.island import URL_PREFIX, island_path
from edgekit.model.path import Redirect, Refusal, canonical_path
from edgekit.model.redirect import Met, Redirects
from edgekit.project.answered import AnsweredPaths
from edgekit.project.site import Page, Site

_ISLANDS = island_path("")


def find_subject(site: Site, written: str) -> Page | Redirect | Met:
    """The page at a path as it stands in a URL (a query is left out), or where that path leads.

    An island is named by the path that it is fetched from, or `island/NAME`, an item `island/NAME/KEY`, an error page
    `404`. Raises EK483, 1, if it names nothing.
    """
    path = written.partition("?")[0]
    if path.startswith(URL_PREFIX):
        path = island_path(unquote(path.removeprefix(URL_PREFIX)))
    if not path.startswith("/"):
        return _find_stored(site, path)
    match canonical_path(path.encode(errors="surrogateescape")):
        case Refusal():
            help = "a path begins with `/` and has no `.` or `..` segments, encoded slashes or control characters"
            raise failure("EK483", f"`{written}` is no path that a page can have", help=help, status=1)
        case Redirect() as spelling:
            return spelling
        case decoded:
            found = next((page for page in site.pages if page.path == decoded), None)
            met = Redirects(site.redirects).find(decoded)
            if found is None and met is None:
                near = AnsweredPaths(site.pages, (), site.redirects, site.origin).did_you_mean(decoded)
                raise _missing(f"there is no page `{decoded}`{near}")
            return met or found  # type: ignore[return-value]


def _find_stored(site: Site, path: str) -> Page:
    """A page, island or item by the path under which it is stored."""
    pages = (page for page in site.all_pages() if not page.path.startswith("/"))
    if (found := next((page for page in pages if page.path == path), None)) is not None:
        return found
    if not path.startswith(_ISLANDS):
        raise _missing(f"the site has no `{path}.html`")
    name, _, key = path.removeprefix(_ISLANDS).partition("/")
    island = site.islands.get(name)
    if island is None:
        raise _missing(f"there is no island `{name}`{did_you_mean(name, site.islands)}")
    if not island.items:
        raise _missing(f"island `{name}` has no items")
    if not key:
        first = next(iter(island.items))
        raise _missing(f"island `{name}` has items, such as `{island_path(name, first)}`")
    raise _missing(f"island `{name}` has no item `{key}`{did_you_mean(key, _nearby(island.items, key))}")


def _nearby(keys: Iterable[str], key: str) -> list[str]:
    """Few enough keys to compare."""
    return [known for known in keys if known[:1] == key[:1]][:400]


def _missing(message: str) -> EdgekitError:
    help = "name a page's path, such as `/`, an island as `island/NAME`, an item as `island/NAME/KEY`, or `404`"
    return failure("EK483", message, help=help, status=1)

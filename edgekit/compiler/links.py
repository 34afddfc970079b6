"""Links of the site to itself that nothing answers: found in the finished text of each page and tier.

Nearly all links lead somewhere. So whatever looks like one is looked up first, by an expression that also finds what
stands in a comment or a script; only a page with something that leads nowhere is parsed, to see whether it is a link.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import unescape
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from edgekit.compiler.findings import Findings
from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.run import Location
from edgekit.compiler.trace import Text, Traced
from edgekit.model.path import encode_path
from edgekit.project.answered import AnsweredPaths
from edgekit.project.site import Page, Site

_LINK: Final = re.compile(
    r"=(?:(?<=(?i:href)=)|(?<=(?i:src)=)|(?<=(?i:action)=)|(?<=(?i:poster)=)|(?<=\s=))\s*(\"[^\"]*|'[^']*|[^\s\"'>]*)"
)
"""The value of an attribute that may be a link, its first quote included. It begins with `=`, which is fast to find."""

_ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("a", "area", "link"), ("href",)),
    **dict.fromkeys(("audio", "embed", "iframe", "img", "input", "script", "source", "track"), ("src",)),
    "video": ("src", "poster"),
    "form": ("action",),
}
"""What a browser follows or loads (HTML, 4.2 to 4.10). A form is a link if its method is GET."""

_PLAIN: Final = re.compile(r"/(?!/)[\w/~-]*(?:\.[\w-]+)*", re.ASCII)
"""A URL that is its own path, whatever page it stands on."""

_SLOT: Final = "\ufdd0"
"""Stands for a value: no character that a page may hold."""


class DeadLink(NamedTuple):
    """A path of the site that nothing answers, the template line that links to it, and for which tiers it does."""

    path: str
    location: Location
    tiers: tuple[str, ...]


class Links(NamedTuple):
    """`paths` of the site that stand in what looks like a link, and the links among them that are dead."""

    paths: frozenset[str]
    dead: tuple[DeadLink, ...]


class LinkChecker:
    """Checks the pages of a site, one after the other. What it finds in one does not depend on those before it."""

    def __init__(self, site: Site, findings: Findings) -> None:
        self._answered = AnsweredPaths(site.pages, site.assets.values(), site.redirects, site.origin)
        self._find_line = findings.find_line
        self._base_url = site.base_url.lower()
        self._folders: dict[str, _Targets] = {}
        self._dead: set[str | None] = set()

    def check(self, page: Page, traces: Mapping[str, Sequence[Traced]]) -> Links:
        """The links of a page whose variants are given by tier. A slot in a link's path leads anywhere."""
        folder = page.path.rpartition("/")[0] if page.path.startswith("/") else page.path
        if folder not in self._folders:
            self._folders[folder] = _Targets(lambda value: self._find_path(value, page.path))
        targets = self._folders[folder]
        tiers: dict[tuple[str, Location], list[str]] = {}
        paths: set[str | None] = set()
        found: dict[int, set[tuple[str, Location]]] = {}
        for tier, variants in traces.items():
            if id(variants) not in found:
                found[id(variants)] = set()
                for variant in variants:
                    text = "".join([piece.text if type(piece) is Text else _SLOT for piece in variant.pieces])
                    named = set(map(targets.__getitem__, _LINK.findall(text)))
                    paths |= named
                    if not self._dead.isdisjoint(named):
                        found[id(variants)].update(self._confirm(text, variant.pieces, targets))
            for dead in found[id(variants)]:
                tiers.setdefault(dead, []).append(tier)
        dead_links = tuple(DeadLink(path, location, tuple(tiers[path, location])) for path, location in sorted(tiers))
        return Links(frozenset(path for path in paths if path is not None), dead_links)

    def _find_path(self, value: str, page: str) -> str | None:
        """The site's own path that a link leads to."""
        url = _value(value).strip()
        if url in self._answered.paths and _PLAIN.fullmatch(url):
            return url
        path = self._resolve(url, page)
        if path is not None and not self._answered.answers(path):
            self._dead.add(path)
        return path

    def _resolve(self, url: str, page: str) -> str | None:
        try:
            written = urlsplit(url)
            if not written.path and not written.netloc:  # `#top` and the like: the page itself
                return None
            if not page.startswith("/"):  # an error page or an island: where a relative link leads is not known
                if not url.startswith("/") and not written.netloc:
                    return None
                page = "/"
            parts = urlsplit(urljoin(self._base_url + encode_path(page), url))
        except ValueError:
            return None
        if f"{parts.scheme}://{parts.netloc}".lower() != self._base_url or _SLOT in parts.path:
            return None
        return parts.path or "/"

    def _confirm(
        self, text: str, pieces: Sequence[Text | Placed | Mark], targets: Mapping[str, str | None]
    ) -> Iterator[tuple[str, Location]]:
        """Those dead links of a text that a parser finds, too."""
        links = _read_links(text)
        for match in _LINK.finditer(text):
            value, path = match[1], targets[match[1]]
            if path is not None and path in self._dead and _without_query(_value(value)) in links:
                location = _locate(pieces, match.end(1) - 1)
                yield path, self._find_line(location, value.partition(_SLOT)[0])


class _Targets(dict[str, str | None]):
    """A link as it is written in the pages of one folder → the site's own path that it leads to."""

    def __init__(self, find: Callable[[str], str | None]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, value: str) -> str | None:
        self[value] = path = self._find(value)
        return path


def _locate(pieces: Sequence[Text | Placed | Mark], offset: int) -> Location:
    """The template line that printed what stands at `offset`, or the last text before it."""
    seen = 0
    location: Location | None = None
    for piece in pieces:
        if type(piece) is Text:
            location = piece.location
        seen += len(piece.text) if type(piece) is Text else 1
        if seen > offset:
            break
    assert location is not None, "a link begins in text"
    return location


def _read_links(text: str) -> frozenset[str]:
    """The links of a page, without their queries; none if it has a `<base>`, which changes what they mean."""
    tree = LexborHTMLParser(text)
    if tree.css_first("base[href]") is not None:
        return frozenset()
    found = tree.css(",".join(_ATTRIBUTES))
    return frozenset(
        _without_query(node.attributes.get(name) or "")
        for node in found
        if not _posts(node)
        for name in _ATTRIBUTES[node.tag or ""]
    )


def _posts(node: LexborNode) -> bool:
    return node.tag == "form" and (node.attributes.get("method") or "get").lower() != "get"


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _value(written: str) -> str:
    """An attribute's value as it is meant."""
    return unescape(written[1:] if written[:1] in ("'", '"') else written)

"""Links of the site to itself that nothing answers: found in the finished text of each page and tier.

Nearly all links lead somewhere. So whatever looks like one is looked up first, by an expression that also finds what
stands in a comment or a script; only a page with something that leads nowhere is parsed, to see whether it is a link.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
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

_SLOT: Final = "\ufdd0"
"""Stands for a value: no character that a page may hold."""


class DeadLink(NamedTuple):
    """A path of the site that nothing answers, the template line that links to it, and for which tiers it does."""

    path: str
    location: Location
    tiers: tuple[str, ...]


class LinkChecker:
    """Checks the pages of a site, one after the other."""

    def __init__(self, site: Site, findings: Findings) -> None:
        self._answered = AnsweredPaths(site.pages, site.assets.values(), site.redirects)
        self._find_line = findings.find_line
        self._base_url = site.base_url.lower()
        self._alive: defaultdict[str, set[str]] = defaultdict(set)
        self._dead: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._is_link: dict[tuple[str, Location], bool] = {}

    def check(self, page: Page, traces: Mapping[str, Sequence[Traced]]) -> tuple[DeadLink, ...]:
        """The dead links of a page whose variants are given by tier. A slot in a link's path leads anywhere."""
        tiers: dict[tuple[str, Location], list[str]] = {}
        found: dict[int, set[tuple[str, Location]]] = {}
        for tier, variants in traces.items():
            if id(variants) not in found:
                found[id(variants)] = {dead for variant in variants for dead in self._check(page, variant.pieces)}
            for dead in found[id(variants)]:
                tiers.setdefault(dead, []).append(tier)
        return tuple(DeadLink(path, location, tuple(tiers[path, location])) for path, location in sorted(tiers))

    def _check(self, page: Page, pieces: Sequence[Text | Placed | Mark]) -> list[tuple[str, Location]]:
        text = "".join([piece.text if type(piece) is Text else _SLOT for piece in pieces])
        folder = page.path.rpartition("/")[0] if page.path.startswith("/") else page.path
        alive, dead = self._alive[folder], self._dead[folder]
        left = set(_LINK.findall(text)) - alive
        for value in left - dead.keys():
            path = self._dead_path(value, page.path)
            if path is None:
                alive.add(value)
            else:
                dead[value] = path
        return self._confirm(text, pieces, dead) if left - alive else []

    def _dead_path(self, value: str, page: str) -> str | None:
        """The site's own path that a link leads to, if nothing answers it."""
        url = _value(value).strip()
        if url in self._answered.paths:
            return None
        try:
            if not page.startswith("/"):  # an error page or an island: where a relative link leads is not known
                if not url.startswith("/") and not urlsplit(url).netloc:
                    return None
                page = "/"
            parts = urlsplit(urljoin(self._base_url + encode_path(page), url))
        except ValueError:
            return None
        if f"{parts.scheme}://{parts.netloc}".lower() != self._base_url or _SLOT in parts.path:
            return None
        path = parts.path or "/"
        return None if self._answered.answers(path) else path

    def _confirm(
        self, text: str, pieces: Sequence[Text | Placed | Mark], dead: Mapping[str, str]
    ) -> list[tuple[str, Location]]:
        """Those dead links of a text that a parser finds, too. What it said of a template line is not asked again."""
        places = [(match[1], _locate(pieces, match.end(1) - 1)) for match in _LINK.finditer(text) if match[1] in dead]
        if not all(place in self._is_link for place in places):
            links = _read_links(text)
            for value, location in places:
                link = _without_query(_value(value)) in links
                self._is_link[value, location] = link or self._is_link.get((value, location), False)
        found = [place for place in places if self._is_link[place]]
        return [(dead[value], self._find_line(location, value.partition(_SLOT)[0])) for value, location in found]


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

"""Which paths of a site are answered, and what was most likely meant by one that is not."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.manifest import RedirectRule
from edgekit.model.origin import Origin, matches
from edgekit.model.path import OWN_PATH, Redirect, Refusal, canonical_path, is_reserved
from edgekit.model.redirect import Redirects
from edgekit.project.site import Asset, Page

_NEIGHBOURS: Final = 200
"""How many known paths a misspelt one is compared with, before and behind it in order: all of 10,000 take a second."""


class AnsweredPaths:
    """The paths of a site's pages, redirects and assets, and those of the application behind it."""

    def __init__(
        self,
        pages: Iterable[Page],
        assets: Iterable[Asset],
        redirects: Iterable[RedirectRule],
        origin: Origin | None,
    ) -> None:
        self._origin = origin
        self.paths: Final = frozenset([page.path for page in pages] + [asset.url for asset in assets])
        self.redirects: Final = Redirects(redirects)
        self._sorted = sorted(path for path in self.paths if path.startswith("/"))  # error pages have no address

    def answers(self, path: str) -> bool:
        """Whether a path, percent-encoded as in a URL, leads to something, be it over redirects."""
        if self._origin is not None and any(matches(pattern, path) for pattern in self._origin.paths):
            return True
        canonical = canonical_path(path)
        if isinstance(canonical, Refusal):
            return False
        decoded = unquote(canonical.location) if isinstance(canonical, Redirect) else canonical
        if decoded in self.paths or decoded.startswith(OWN_PATH) or self.redirects.find(decoded) is not None:
            return True
        return self._origin is not None and self._origin.fallback and not is_reserved(decoded)

    def did_you_mean(self, path: str) -> str:
        """The end of a sentence that names the nearest known path, or nothing."""
        at = bisect_left(self._sorted, path)
        return did_you_mean(path, self._sorted[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS])

"""`[headers]` on every answer: what the patterns say of its path (contract, section 12)."""

from collections.abc import Mapping
from urllib.parse import unquote

from edgekit.model.path import Redirect, Refusal, canonical_path
from edgekit.replay.request import Headers

EVERYWHERE = "/*"


class SiteHeaders:
    """The headers of a release, those of its pages made ready."""

    def __init__(self, patterns: Mapping[str, Mapping[str, str]], pages: Mapping[bytes, str]) -> None:
        """`patterns` as a manifest has them; `pages` are paths by their canonical spelling."""
        self._patterns = [
            (pattern, pattern[:-1] if pattern.endswith("*") else None, _encode(headers))
            for pattern, headers in sorted(patterns.items(), key=lambda entry: _rank(entry[0]))
        ]
        self._malformed = tuple(sorted(_encode(patterns.get(EVERYWHERE, {})).items()))
        shared: dict[Headers, Headers] = {}
        self._ready: dict[bytes, Headers] = {}
        for spelling, path in pages.items():
            headers = self._find(path)
            self._ready[spelling] = shared.setdefault(headers, headers)

    def of(self, raw: bytes) -> Headers:
        """The headers for a path as it came; for one that has no canonical form, those of every path."""
        ready = self._ready.get(raw)
        if ready is not None:
            return ready
        path = canonical_path(raw)
        if isinstance(path, Refusal):
            return self._malformed
        return self._find(unquote(path.location) if isinstance(path, Redirect) else path)

    def _find(self, path: str) -> Headers:
        found: dict[bytes, bytes] = {}
        for pattern, start, headers in self._patterns:
            if path == pattern if start is None else path.startswith(start):
                found.update(headers)
        return tuple(sorted(found.items()))


def _rank(pattern: str) -> tuple[bool, int]:
    """The longest wins, and before it the path itself, so it comes last; a `*` is no character of it."""
    return not pattern.endswith("*"), len(pattern)


def _encode(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    return {name.encode("ascii"): value.encode("ascii") for name, value in headers.items()}

"""What a report's script makes frames of: the bodies of pages, and the style sheets and images that they name.

Each stands in the report once, as data. A frame runs nothing and loads nothing: see the policy in `document.py`, and
`report.js`, which lets a browser's own parser say where in a page a placeholder stands.
"""

import base64
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

import msgspec
from markupsafe import Markup

from edgekit.diff.side import Side
from edgekit.model.keys import ASSETS

LARGEST_BODY: Final = 512 * 1024
"""Bytes of a body that is shown as a page."""

_LARGEST_ASSET: Final = 64 * 1024
_MOST_ASSETS: Final = 2 * 1024 * 1024
"""Bytes of all assets together."""

_ASSET: Final = re.compile(rb"/static/[A-Za-z0-9._~/-]+")
_TYPES: Final = {
    ".avif": "image/avif",
    ".css": "text/css",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}

_BODY: Final = Markup('<script type="application/json" id="body-{}">{}</script>\n')
_DATA: Final = Markup('<script type="application/json" data-asset="{}" data-type="{}">{}</script>\n')


class Exhibits:
    """The bodies that a report shows. Lives as long as one report is written, and holds none of them."""

    def __init__(self, old: Side, new: Side) -> None:
        self._old, self._new = old, new
        self._in_old = {entry.digest for entry in old.pack.index} if old.pack else set()
        self._assets = {
            entry.key: entry.digest
            for side in (old, new)
            if side.pack is not None
            for entry in side.pack.index
            if entry.namespace == ASSETS
        }
        self._written: set[str] = set()
        self._left = _MOST_ASSETS

    def read(self, digest: str) -> bytes:
        """A body, from the old side if that has it: the new one may hold only what is new."""
        return (self._old if digest in self._in_old else self._new).read(digest)

    def show(self, digest: str, body: bytes) -> Iterator[Markup]:
        """The data of a body and of its assets that are not in the report yet; nothing of one that is too large."""
        if digest in self._written or len(body) > LARGEST_BODY:
            return
        self._written.add(digest)
        yield _BODY.format(digest, _write_json(body.decode(errors="replace")))
        for url in sorted({found.decode() for found in _ASSET.findall(body)}):
            kind = _TYPES.get(PurePosixPath(url).suffix.lower())
            if kind is not None and url in self._assets and url not in self._written:
                self._written.add(url)
                yield from self._show_asset(url, kind)

    def _show_asset(self, url: str, kind: str) -> Iterator[Markup]:
        content = self.read(self._assets[url])
        if len(content) <= min(_LARGEST_ASSET, self._left):
            self._left -= len(content)
            text = content.decode(errors="replace") if kind == "text/css" else base64.b64encode(content).decode()
            yield _DATA.format(url, kind, _write_json(text))


def _write_json(text: str) -> Markup:
    # In a script element only `<` can begin anything that is not data.
    return Markup(msgspec.json.encode(text).decode().replace("<", "\\u003c"))  # noqa: S704

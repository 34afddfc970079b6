"""What the visitor of a page sees, as two names that differ when that does."""

import hashlib
import re
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from edgekit.model.island import URL_PREFIX
from edgekit.replay.request import Request
from edgekit.replay.response import Response

_STYLE: Final = re.compile(rb"(/static/[A-Za-z0-9._~/-]*?)\.[0-9a-f]{8}\.css\b")
"""The URL of a style sheet, as `asset()` prints it."""
_FETCHED: Final = re.compile(rb'<edgekit-island name="([A-Za-z0-9._~-]+)">')
_FOLLOWS_BODY: Final = frozenset({b"content-length", b"etag"})


class Sight(NamedTuple):
    """`shape` names the answer and the islands that it fetches, all but the contents of style sheets; `styles` are the
    URLs of those, sorted."""

    shape: str
    styles: tuple[str, ...]


def build_sight(request: Request, page: Response, answer: Callable[[Request], Response]) -> Sight:
    """`page` is the answer to `request`; `answer` gives those to the requests for its islands, as the same visitor."""
    names = sorted(set(_FETCHED.findall(page.body)))
    islands = [answer(msgspec.structs.replace(request, path=URL_PREFIX.encode() + name, query=b"")) for name in names]
    whole = hashlib.sha256()
    styles: set[str] = set()
    for seen in (page, *islands):
        kept = [header for header in seen.headers if header[0] not in _FOLLOWS_BODY]
        whole.update(repr((seen.status, kept, len(seen.body))).encode())
        whole.update(_STYLE.sub(rb"\1.css", seen.body))
        styles.update(url[0].decode() for url in _STYLE.finditer(seen.body))
    return Sight(whole.hexdigest()[:32], tuple(sorted(styles)))

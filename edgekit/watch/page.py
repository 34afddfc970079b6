"""A page as it is sent while its site is watched: with the script that keeps it up to date.

What is sent is another body than the store's, so it has a length and an ETag of its own. And a browser asks each time:
an answer that it may show once more while it fetches the next is what nobody wants who has just saved a file.
"""

from collections.abc import Callable
from html import escape
from typing import Final

import msgspec

from edgekit.model.digest import digest
from edgekit.model.path import ASSETS_PATH, OWN_PATH, RESERVED
from edgekit.replay.request import READ_METHODS, Request
from edgekit.replay.response import Answer, Response, revalidate
from edgekit.watch.sight import Sight, build_sight

PREFIX: Final = f"{OWN_PATH}watch/"
SCRIPT: Final = f"{PREFIX}reload.js"

_ASSETS: Final = ASSETS_PATH.encode()
_NO_PAGES: Final = tuple(path.encode() for path in RESERVED)
_HTML: Final = b"text/html; charset=utf-8"
_PLAIN: Final = b"text/plain; charset=utf-8"
_SHOWN: Final = frozenset({404, 429, 503})
"""Our own short texts of these are shown as a page, or nobody would notice that there is more to see by now."""


def answer_watched(request: Request, answer: Callable[[Request], Response]) -> Response:
    """The answer to `request`; if it is a page, with the script. `answer` gives what the store says."""
    if request.path.startswith(_ASSETS):  # under URLs that change when they do
        return answer(request)
    return _ask_each_time(_answer(request, answer))


def _answer(request: Request, answer: Callable[[Request], Response]) -> Response:
    if request.method not in READ_METHODS or request.path.startswith(_NO_PAGES):
        return answer(request)
    unconditional = tuple(header for header in request.headers if header[0] != b"if-none-match")
    whole = msgspec.structs.replace(request, method="GET", headers=unconditional)
    response = answer(whole)
    body = _page_body(request, response)
    if body is None:
        return response if request.method == "GET" else msgspec.structs.replace(response, body=b"")
    sight = build_sight(whole, response, answer)
    return _send(request, response, body + _tag(response.release, sight))


def _ask_each_time(response: Response) -> Response:
    headers = tuple(
        (name, b"no-cache" if name == b"cache-control" and b"no-store" not in value else value)
        for name, value in response.headers
    )
    return msgspec.structs.replace(response, headers=headers)


def _page_body(request: Request, response: Response) -> bytes | None:
    """The HTML of an answer, if it is a page, or one of our own texts for somebody who looks at pages."""
    kind = dict(response.headers).get(b"content-type")
    if kind == _HTML:
        return response.body
    wants_page = any(name == b"accept" and b"text/html" in value for name, value in request.headers)
    if kind == _PLAIN and response.status in _SHOWN and wants_page:
        text = escape(response.body.decode())
        return (
            f'<!doctype html><meta name="color-scheme" content="light dark"><title>{response.status}</title>'
            f"<pre>{text}</pre>"
        ).encode()
    return None


def _tag(release: str | None, sight: Sight) -> bytes:
    return (
        f'<script type="module" src="{SCRIPT}" data-release="{release or ""}" data-shape="{sight.shape}"></script>'
    ).encode()


def _send(request: Request, response: Response, body: bytes) -> Response:
    headers = tuple(
        (name, _HTML if name == b"content-type" else value)
        for name, value in response.headers
        if name not in (b"content-length", b"etag")
    )
    sent = Answer(response.status, headers, body)
    if any(name == b"etag" for name, _ in response.headers):
        sent = revalidate(request, sent, b'"%s"' % digest(body).hex().encode())
    if sent.status != 304:
        sent = msgspec.structs.replace(sent, headers=(*sent.headers, (b"content-length", b"%d" % len(sent.body))))
    return msgspec.structs.replace(
        response, status=sent.status, headers=sent.headers, body=b"" if request.method == "HEAD" else sent.body
    )

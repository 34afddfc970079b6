"""What is sent instead of an answer of the store."""

import re
from typing import Any

import pytest

from edgekit.kv.reader import MemoryStore
from edgekit.model.digest import digest
from edgekit.replay.core import respond
from edgekit.replay.request import Headers, Request
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore
from edgekit.watch.page import answer_watched
from edgekit.watch.sight import build_sight
from tests.replay.published import publish

CSS = "/static/shop.{}.css"
FETCH = '<edgekit-island name="recs">wait</edgekit-island>'
HTML = (b"accept", b"text/html,*/*")
TAG = re.compile(
    rb'<script type="module" src="/_edgekit/watch/reload.js" data-release="(\w+)" data-shape="(\w+)"></script>'
)


def described(**changes: Any) -> dict[str, Any]:
    return {
        "slots": {"NAME": {"from": "user.name", "default": "you", "max_length": 40}},
        "segments": {"free": {}, "vip": {}},
        "pages": {
            "/": {"free": "Hello {NAME}", "vip": "Dear {NAME}"},
            "/static-page": "<h1>same for all</h1>",
            "/tier": {"free": "f", "vip": "v"},
            "/fetch": FETCH,
            "/styled": f'<link rel=stylesheet href="{CSS.format("00000000")}">',
        },
        "delivery": {"/tier": "segment"},
        "islands": {"recs": {"client": True, "tiers": {"free": "<p>{NAME}</p>", "vip": "<b>{NAME}</b>"}}},
        "assets": {"/static/a.00000000.html": "<p>a file</p>"},
        "redirects": [["/old", "/"]],
        "users": {"ada": {"tier": "vip", "name": "Ada"}},
        **changes,
    }


class Site:
    def __init__(self, **changes: Any) -> None:
        self.store = ReplayStore(MemoryStore(publish(described(**changes))))

    def plain(self, request: Request) -> Response:
        return respond(request, self.store)

    def ask(self, path: str, *headers: tuple[bytes, bytes], method: str = "GET") -> Response:
        return answer_watched(request_for(path, *headers, method=method), self.plain)

    def shape(self, path: str, *headers: tuple[bytes, bytes]) -> str:
        request = request_for(path, *headers)
        return build_sight(request, self.plain(request), self.plain).shape


def request_for(path: str, *headers: tuple[bytes, bytes], method: str = "GET") -> Request:
    return Request(path=path.encode(), now=0, method=method, peer="127.0.0.1", headers=headers)


def of(headers: Headers, name: bytes) -> bytes | None:
    return dict(headers).get(name)


PAGES = ["/", "/static-page", "/tier", "/fetch", "/styled"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_sent_with_the_script_behind_it_and_its_own_length(path: str) -> None:
    site = Site()
    plain, sent = site.plain(request_for(path)), site.ask(path)
    tag = TAG.fullmatch(sent.body.removeprefix(plain.body))
    assert tag is not None
    assert (tag[1].decode(), tag[2].decode()) == (plain.release, site.shape(path))
    assert of(sent.headers, b"content-length") == b"%d" % len(sent.body)


@pytest.mark.parametrize("path", ["/static-page", "/tier", "/fetch"])
def test_an_etag_is_of_what_is_sent_and_answers_304(path: str) -> None:
    site = Site()
    sent = site.ask(path)
    etag = of(sent.headers, b"etag")
    assert etag == b'"%s"' % digest(sent.body).hex().encode()
    again = site.ask(path, (b"if-none-match", etag))
    assert (again.status, again.body, of(again.headers, b"content-length")) == (304, b"", None)
    plain = of(site.plain(request_for(path)).headers, b"etag")
    assert plain is not None
    assert site.ask(path, (b"if-none-match", plain)).status == 200


def test_a_personal_page_still_has_no_etag() -> None:
    assert of(Site().ask("/").headers, b"etag") is None


@pytest.mark.parametrize("path", [*PAGES, "/old", "/nowhere"])
def test_head_is_get_without_its_body(path: str) -> None:
    site = Site()
    sent, head = site.ask(path), site.ask(path, method="HEAD")
    assert (head.status, head.headers, head.body) == (sent.status, sent.headers, b"")


@pytest.mark.parametrize("path", ["/static/a.00000000.html", "/_edgekit/island/recs", "/old", "/a/../b", "/nowhere"])
def test_what_is_no_page_stays_as_it_is(path: str) -> None:
    site = Site()
    assert site.ask(path).body == site.plain(request_for(path)).body


def test_a_method_that_changes_things_stays_refused() -> None:
    assert Site().ask("/", method="POST").status == 405


def test_a_text_of_ours_is_a_page_for_who_looks_at_pages() -> None:
    sent = Site().ask("/nowhere", HTML)
    assert sent.status == 404
    assert of(sent.headers, b"content-type") == b"text/html; charset=utf-8"
    assert b"<pre>Not found.\n</pre>" in sent.body
    assert TAG.search(sent.body)


@pytest.mark.parametrize("path", ["/static-page", "/tier", "/old", "/_edgekit/island/recs"])
def test_nothing_but_assets_is_shown_without_being_asked_for(path: str) -> None:
    caching = of(Site().ask(path).headers, b"cache-control")
    assert caching in (b"no-cache", b"private, no-store")
    assert of(Site().ask("/static/a.00000000.html").headers, b"cache-control") == b"public, max-age=31536000, immutable"


ADA = (b"x-user-id", b"ada")
CHANGES: dict[str, dict[str, Any]] = {
    "the page": {"pages": {**described()["pages"], "/fetch": FETCH + "!"}},
    "an island it fetches": {"islands": {"recs": {"client": True, "tiers": {"free": "other", "vip": "<b>{NAME}</b>"}}}},
    "a header": {"headers": {"/*": {"x-a": "b"}}},
    "its removal": {"pages": {"/": "home"}},
    "a redirect": {"pages": {"/": "home"}, "redirects": [["/fetch", "/"]]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_shape_changes_with_what_the_visitor_sees(change: str) -> None:
    assert Site().shape("/fetch") != Site(**CHANGES[change]).shape("/fetch")


def test_a_shape_stays_when_what_others_see_changes() -> None:
    changed = Site(
        pages={**described()["pages"], "/tier": {"free": "f", "vip": "new"}},
        islands={"recs": {"client": True, "tiers": {"free": "other", "vip": "<b>{NAME}</b>"}}},
    )
    assert [Site().shape(path) for path in ("/", "/tier")] == [changed.shape(path) for path in ("/", "/tier")]
    assert Site().shape("/fetch", ADA) == changed.shape("/fetch", ADA)
    assert Site().shape("/tier", ADA) != changed.shape("/tier", ADA)


def test_a_style_sheets_content_is_no_part_of_the_shape_but_told() -> None:
    def sight(css: str) -> Any:
        site = Site(pages={"/": f'<link rel=stylesheet href="{css}">'})
        return build_sight(request_for("/"), site.plain(request_for("/")), site.plain)

    old, new = sight(CSS.format("00000000")), sight(CSS.format("ffffffff"))
    assert (old.shape, old.styles, new.styles) == (new.shape, (CSS.format("00000000"),), (CSS.format("ffffffff"),))
    assert old.shape != sight("/static/other.00000000.css").shape

"""gzip: who gets it, of which answers, and what else it changes."""

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.kv.reader import MemoryStore
from edgekit.replay import release
from edgekit.replay.compression import MIN_BYTES, takes_gzip
from edgekit.replay.core import respond
from edgekit.replay.request import Headers, Request
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore
from tests.replay.published import open_published, publish

LONG = "<p>the same for everybody</p>" * 50
SITE: dict[str, Any] = {
    "slots": {
        "NAME": {"from": "user.name", "default": "you", "max_length": 40},
        "Q": {"from": "request.query.q", "default": "", "max_length": 40},
        "LIVE": {"from": "segment.live", "max_length": 40},
    },
    "segments": {"free": {"live": "free's"}, "vip": {"live": "vip's"}},
    "pages": {
        "/static": LONG,
        "/at-the-limit": "x" * MIN_BYTES,
        "/below": "x" * (MIN_BYTES - 1),
        "/empty": "",
        "/segment": dict.fromkeys(("free", "vip"), LONG + "{LIVE}"),
        "/user": dict.fromkeys(("free", "vip"), LONG + "{NAME}"),
        "/query": dict.fromkeys(("free", "vip"), LONG + "{Q}"),
        "/islands": LONG + "<!--INJECT:shared-->",
        "/own-island": LONG + "<!--INJECT:own-->",
        "404": "gone " + LONG,
    },
    "islands": {
        "shared": {"delivery": "segment", "tiers": LONG + "{LIVE}", "client": True},
        "own": {"delivery": "user", "tiers": LONG + "{NAME}", "client": True},
    },
    "delivery": {"/segment": "segment", "/islands": "segment", "/own-island": "user"},
    "assets": {"/static/a.css": LONG, "/static/a.png": LONG, "/static/a.svg": LONG, "/static/a.json": LONG},
    "users": {"u1": {"tier": "vip", "name": "Ada"}},
}
SHARED = (
    "/static",
    "/segment",
    "/islands",
    "/static/a.css",
    "/static/a.svg",
    "/static/a.json",
    "/_edgekit/island/shared",
)
PERSONAL = ("/user", "/query", "/own-island", "/_edgekit/island/own")


def ask(store: ReplayStore, path: str, accept: str | None = "gzip", method: str = "GET", **headers: str) -> Response:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    if accept is not None:
        pairs.append((b"accept-encoding", accept.encode()))
    return respond(Request(path.encode(), 1.0, method, b"q=secret", tuple(pairs), "127.0.0.1"), store)


def headers_of(response: Response) -> dict[str, str]:
    assert len({name for name, _ in response.headers}) == len(response.headers)
    return {name.decode(): value.decode() for name, value in response.headers}


@pytest.fixture
def store() -> ReplayStore:
    return open_published(SITE)


@pytest.mark.parametrize(
    ("field", "taken"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("gzip ; q=0.001", True),
        ("deflate,gzip;Q=1", True),
        ("*", True),
        ("*;q=0.5", True),
        ("*, identity;q=0", True),
        ("gzip;q=0.5, identity;q=0.5", True),
        ("", False),
        ("identity", False),
        ("br, deflate", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity;q=0", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=0.5, identity;q=0.501", False),
        ("gzip;q=nan", False),
        ("gzip;q=", False),
        ("gzip;q=0.0001", False),
        ("gzip;level=9", False),
        ("gzip identity", False),
        ("gzip;q=1;q=0", False),
        (",,;;=,q=1", False),
        ("\u00e9gzip\x00", False),
        ("gzip," + "x," * 1_000, False),
    ],
)
def test_the_field_is_read_as_rfc_9110_says(field: str, taken: bool) -> None:
    assert takes_gzip(((b"accept-encoding", field.encode()),)) == taken


def test_repeated_fields_are_one_list() -> None:
    fields: Headers = ((b"accept-encoding", b"br"), (b"accept-encoding", b"gzip"))
    assert takes_gzip(fields)
    assert not takes_gzip(((b"accept-encoding", b"gzip;q=0"), *fields))


@given(st.binary(max_size=60) | st.text("gzip;q=01.,* \tidenty-x").map(str.encode))
def test_no_field_is_too_odd_to_be_answered(field: bytes) -> None:
    takes_gzip(((b"accept-encoding", field),))


@pytest.mark.parametrize("path", SHARED)
def test_what_readers_share_is_compressed_for_who_takes_it(store: ReplayStore, path: str) -> None:
    plain, compressed = ask(store, path, None), ask(store, path)
    before, after = headers_of(plain), headers_of(compressed)
    assert gzip.decompress(compressed.body) == plain.body
    assert int(after["content-length"]) == len(compressed.body) < len(plain.body)
    assert (after.pop("content-encoding"), after.pop("etag")) == ("gzip", before["etag"][:-1] + '-gzip"')
    assert before["vary"] == "accept-encoding"
    del before["etag"], before["content-length"], after["content-length"]
    assert before == after


@pytest.mark.parametrize("path", PERSONAL)
def test_what_is_one_readers_never_passes_a_compressor(store: ReplayStore, path: str) -> None:
    plain, asked = ask(store, path, None, x_user_id="u1"), ask(store, path, x_user_id="u1")
    assert (plain.headers, plain.body) == (asked.headers, asked.body)
    assert {"vary", "content-encoding", "etag"} & set(headers_of(asked)) == set()
    assert b"Ada" in asked.body or b"secret" in asked.body


@pytest.mark.parametrize("path", ["/below", "/empty", "/static/a.png", "/a/../b"])
def test_what_would_not_shrink_is_not_negotiated(store: ReplayStore, path: str) -> None:
    plain, asked = ask(store, path, None), ask(store, path)
    assert (plain.headers, plain.body) == (asked.headers, asked.body)
    assert "vary" not in headers_of(asked)


def test_it_begins_at_1024_bytes(store: ReplayStore) -> None:
    assert "content-encoding" in headers_of(ask(store, "/at-the-limit"))
    assert "content-encoding" not in headers_of(ask(store, "/below"))


def test_a_404_is_compressed_as_its_page_is(store: ReplayStore) -> None:
    response = ask(store, "/nowhere")
    assert (response.status, gzip.decompress(response.body)) == (404, ("gone " + LONG).encode())
    assert headers_of(response)["vary"] == "accept-encoding"
    assert "etag" not in headers_of(response)


@pytest.mark.parametrize("path", SHARED)
@pytest.mark.parametrize("accept", [None, "gzip"])
def test_head_has_the_headers_of_get(store: ReplayStore, path: str, accept: str | None) -> None:
    get, head = ask(store, path, accept), ask(store, path, accept, "HEAD")
    assert (get.headers, b"") == (head.headers, head.body)


@pytest.mark.parametrize("path", SHARED)
@pytest.mark.parametrize("taken", [None, "gzip"])
@pytest.mark.parametrize("now", [None, "gzip"])
def test_either_etag_is_that_of_the_same_bytes(
    store: ReplayStore, path: str, taken: str | None, now: str | None
) -> None:
    etag = headers_of(ask(store, path, taken))["etag"]
    for tags in (etag, f'"other", W/{etag}'):
        again = ask(store, path, now, if_none_match=tags)
        headers = headers_of(again)
        assert (again.status, again.body, headers["etag"], headers["vary"]) == (304, b"", etag, "accept-encoding")
        assert {"content-encoding", "content-length", "content-type"} & set(headers) == set()


def test_any_star_is_the_answer_that_would_be_sent(store: ReplayStore) -> None:
    etags = {accept: headers_of(ask(store, "/static", accept, if_none_match="*"))["etag"] for accept in (None, "gzip")}
    assert etags == {accept: headers_of(ask(store, "/static", accept))["etag"] for accept in (None, "gzip")}


def test_a_live_edit_is_compressed_anew(store: ReplayStore) -> None:
    free, vip = ask(store, "/segment"), ask(store, "/segment", x_user_id="u1")
    assert b"free&#39;s" in gzip.decompress(free.body)
    assert b"vip&#39;s" in gzip.decompress(vip.body)


def test_a_body_is_compressed_once_and_no_cpu_of_a_request_is_counted(
    store: ReplayStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    clock = [0.0]

    def compress(body: bytes) -> bytes:
        seen.append(body)
        clock[0] += 100.0
        return gzip.compress(body)

    monkeypatch.setattr(release, "compress", compress)
    store.cpu_clock = lambda: clock[0]
    for _ in range(3):
        assert (ask(store, "/static").status, ask(store, "/static", None).status) == (200, 200)
    assert seen == [LONG.encode()]


def test_compressed_bodies_count_among_those_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no room is compressed again: the memory is bounded, whatever clients ask for."""
    seen: list[bytes] = []

    def compress(body: bytes) -> bytes:
        seen.append(body)
        return b"z" * 500

    monkeypatch.setattr(release, "compress", compress)
    pages = {f"/{number}": f"{number}" * 1_024 for number in range(3)}
    store = ReplayStore(MemoryStore(publish({"pages": pages})), held_bytes=2_000)
    for _ in range(2):
        for path in pages:
            ask(store, path)
    assert len(seen) == 6

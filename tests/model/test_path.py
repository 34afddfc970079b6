import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgekit.model.path import (
    MAX_PATH_BYTES,
    Redirect,
    Refusal,
    canonical_path,
    encode_path,
    is_reserved,
    segment_fault,
)

CANONICAL = {
    "/": "/",
    "/cart": "/cart",
    "/product/p-100": "/product/p-100",
    "/a.b/c.css": "/a.b/c.css",
    "/caf%C3%A9": "/café",
    "/caf%c3%a9": "/café",
    "/a%20b": "/a b",
    "/a@b": "/a@b",
    "/a%40b": "/a@b",
    "/%5Cevil.example": "/\\evil.example",
    "/%25": "/%",
    "/indexes": "/indexes",
    "/xhtml": "/xhtml",
    "/...": "/...",
    "/static/demo.3f2a1b9c.html": "/static/demo.3f2a1b9c.html",
    "/static/index": "/static/index",
    b"/caf\xc3\xa9": "/café",
}

REDIRECTED = {
    "/cart/": "/cart",
    "/cart.html": "/cart",
    "/cart.html/": "/cart",
    "/cart.html.html": "/cart",
    "/index": "/",
    "/index.html": "/",
    "/index/index": "/",
    "/blog/index": "/blog",
    "/blog/index.html": "/blog",
    "/.html": "/",
    "//": "/",
    "//evil.example": "/evil.example",
    "//evil.example/..html.html": None,
    "/a//b": "/a/b",
    "/%61bout": "/about",
    "/a%2Db": "/a-b",
    "/a%7eb": "/a~b",
    "/x%2Ehtml": "/x",
    "/caf%C3%A9/": "/caf%C3%A9",
    "/%5Cevil.example/": "/%5Cevil.example",
    "/static/": "/static",
    "/static//x.css": "/static/x.css",
    "/a%20b/": "/a%20b",
}

REFUSED = [
    "",
    "cart",
    "*",
    "http://shop.example/",
    "/.",
    "/..",
    "/a/../b",
    "/a/./b",
    "/%2e%2e/etc",
    "/%2E",
    "/.%2e/a",
    "/..html",
    "/a/...html",
    "/a%2Fb",
    "/a%2fb",
    "/a%00b",
    "/a\nb",
    "/a%0Ab",
    "/a%7F",
    "/a%C2%85",
    "/%FF",
    "/%C3",
    "/%ED%A0%80",
    "/\ud800",
    b"/\xff",
    "/100%",
    "/%zz",
    "/%4",
]


@pytest.mark.parametrize(("raw", "path"), CANONICAL.items())
def test_a_canonical_spelling_is_decoded(raw: str | bytes, path: str) -> None:
    assert path == canonical_path(raw)


@pytest.mark.parametrize(("raw", "location"), [(raw, to) for raw, to in REDIRECTED.items() if to])
def test_another_spelling_is_redirected(raw: str, location: str) -> None:
    assert Redirect(location) == canonical_path(raw)


@pytest.mark.parametrize("raw", REFUSED)
def test_a_path_that_no_page_can_have_is_refused(raw: str | bytes) -> None:
    assert Refusal(400) == canonical_path(raw)


def test_a_dot_segment_that_an_ending_hid_is_refused() -> None:
    assert Refusal(400) == canonical_path("//evil.example/..html.html")


def test_the_length_limit_counts_the_bytes_as_they_came() -> None:
    assert canonical_path("/" + "a" * (MAX_PATH_BYTES - 1)) == "/" + "a" * (MAX_PATH_BYTES - 1)
    assert canonical_path("/" + "a" * MAX_PATH_BYTES) == Refusal(414)
    assert canonical_path("/" + "é" * (MAX_PATH_BYTES // 2)) == Refusal(414)


def test_a_redirect_that_would_be_too_long_is_refused_at_once() -> None:
    assert canonical_path("/" + "é" * 1_000 + "/") == Refusal(414)


TEXTS = [
    "/",
    "//",
    ".",
    "..",
    "a",
    "\\",
    "index",
    ".html",
    "é",
    "%",
    "@",
    "static",
    "_edgekit",
    "evil.example",
    "?",
    "\ud800",
]
ESCAPES = ["%41", "%2e", "%2F", "%5C", "%C3%A9", "%C3", "%40", "%00", "%7E", "%25", "%3F"]
PIECES = st.sampled_from([*TEXTS, *ESCAPES])
RAW = st.lists(PIECES, max_size=12).map(lambda pieces: "/" + "".join(pieces)) | st.text().map(lambda text: "/" + text)


@given(RAW)
@example("/static/a.html")
def test_a_redirect_leads_to_a_canonical_path_on_the_same_host(raw: str) -> None:
    answer = canonical_path(raw)
    if isinstance(answer, Redirect):
        assert answer.location.startswith("/")
        assert not answer.location.startswith(("//", "/\\"))
        assert isinstance(canonical_path(answer.location), str)


@given(RAW)
def test_a_canonical_path_is_found_again_by_its_spelling(raw: str) -> None:
    answer = canonical_path(raw)
    if isinstance(answer, str) and len(encode_path(answer)) <= MAX_PATH_BYTES:
        assert answer == canonical_path(encode_path(answer))


@given(st.binary(max_size=40))
def test_any_bytes_get_an_answer(tail: bytes) -> None:
    answer = canonical_path(b"/" + tail)
    if isinstance(answer, str):
        assert answer.startswith("/")
        assert "//" not in answer


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_a_path_of_legal_segments_is_canonical(segments: list[str]) -> None:
    if any(segment_fault(segment) for segment in segments):
        return
    path = "/" + "/".join(segments)
    if not is_reserved(path):
        assert path == canonical_path(encode_path(path))


@pytest.mark.parametrize("value", ["", ".", "..", "index", "a.html", ".html", "a/b", "a\x00", "a\x85", "\ud800"])
def test_a_value_that_cannot_be_a_segment_has_a_fault(value: str) -> None:
    assert segment_fault(value)


@pytest.mark.parametrize("value", ["p-100", "a b", "é", "%", "{USER_NAME}", "\\", "Index", "html", "...", "?#"])
def test_a_value_that_can_be_a_segment_has_none(value: str) -> None:
    assert segment_fault(value) is None


def test_the_folders_of_edgekit_itself_are_reserved() -> None:
    assert is_reserved("/static/a")
    assert is_reserved("/_edgekit/x")
    assert not is_reserved("/statics")

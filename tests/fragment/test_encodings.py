"""Every encoding writes the bytes that Jinja writes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.filters import do_urlencode
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import escape

from edgekit.fragment.encodings import (
    ENCODERS,
    encode_href,
    encode_html,
    encode_json,
    encode_url,
    path_part,
    safe_url,
)
from edgekit.model.placeholder import ENCODINGS

texts = st.text() | st.text(alphabet="&<>'\"/~!()*;:@ %+.-_\\\0\t\n\r\x1f\x7fé😀aZ09")


def test_every_encoding_has_an_encoder() -> None:
    assert set(ENCODINGS) == set(ENCODERS)


@given(texts)
def test_html_is_what_markupsafe_writes(text: str) -> None:
    assert str(escape(text)) == encode_html(text)
    assert type(encode_html(text)) is str


@given(texts)
def test_url_is_what_jinjas_urlencode_writes(text: str) -> None:
    assert do_urlencode(text) == encode_url(text)


@given(texts | st.integers())
def test_json_is_what_jinjas_tojson_writes(value: str | int) -> None:
    assert str(htmlsafe_json_dumps(value)) == encode_json(value)
    assert encode_json(value).isascii()
    assert value == json.loads(encode_json(value))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "-"),
        (".", "-"),
        ("..", "-"),
        ("...", "..."),
        ("a/b", "a%2Fb"),
        ("é ~", "%C3%A9%20~"),
        ("a.b-c_d", "a.b-c_d"),
    ],
)
def test_a_path_part_is_one_segment(text: str, part: str) -> None:
    assert part == path_part(text)


@given(texts)
def test_a_path_part_never_leaves_its_segment(text: str) -> None:
    part = path_part(text)
    assert part not in {"", ".", ".."}
    assert not set(part) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://a.example/x?y#z", "https://a.example/x?y#z"),
        ("HTTP://a", "HTTP://a"),
        ("mailto:a@b", "mailto:a@b"),
        ("tel:+31", "tel:+31"),
        ("/p/1", "/p/1"),
        ("//other.example", "//other.example"),
        ("", ""),
        ("\x00 \x1f/p \x01", "/p"),
        ("a\tb\nc\rd", "abcd"),
        ("javascript:alert(1)", "about:invalid"),
        ("JaVaScRiPt:alert(1)", "about:invalid"),
        ("java\nscript:alert(1)", "about:invalid"),
        ("\x01 java\tscript\r:alert(1)", "about:invalid"),
        ("data:text/html,x", "about:invalid"),
        ("vbscript:x", "about:invalid"),
        ("x+y.z-1:", "about:invalid"),
        ("1a:b", "1a:b"),
        ("/a:b", "/a:b"),
        ("é:b", "é:b"),
        (":b", ":b"),
        ("\u00a0javascript:x", "\u00a0javascript:x"),
    ],
)
def test_safe_url_lets_four_schemes_pass(text: str, url: str) -> None:
    assert url == safe_url(text)


@given(texts)
def test_safe_url_is_stable(text: str) -> None:
    assert safe_url(text) == safe_url(safe_url(text))


def test_href_is_escaped_for_html() -> None:
    assert encode_href(" /a?b=1&c=\"' ") == "/a?b=1&amp;c=&#34;&#39;"

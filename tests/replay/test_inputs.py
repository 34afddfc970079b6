"""A query and a cookie header are searched, not taken apart; both give what taking them apart gives."""

from urllib.parse import unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from edgekit.replay.inputs import read_cookie, read_query
from tests.scale import scaled

QUERY_PIECES = [
    b"q", b"%71", b"%", b"%4", b"4", b"1", b"=", b"&", b"&q=", b"+", b" ", b"%20", b"%2B", b"%25", b"%3d", b"%3D",
    b"%26", "é".encode(), b"%C3%a9", b"%c3", b"\n", b"ab", b"a",
]  # fmt: skip
QUERY_NAMES = [b"q", b"%", b"%4", b"%41", b"a b", b"+", b"=", b"&", "é".encode(), b"q%", b"%%", b"a=q", b"\xff", b"."]
COOKIE_PIECES = [b"q", b" ", b"\t", b"=", b";", b"; q=", b"a", b"\0", b"\n", b"\xff", b'"']


def decode_form(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def take_query_apart(query: bytes, name: bytes) -> str | None:
    for pair in query.split(b"&"):
        key, _, value = pair.partition(b"=")
        if pair and decode_form(key) == name:
            try:
                return decode_form(value).decode()
            except UnicodeDecodeError:
                return None
    return None


def take_cookies_apart(cookies: bytes, name: bytes) -> str | None:
    for pair in cookies.split(b";"):
        key, equals, value = pair.partition(b"=")
        if equals and key.strip(b" \t") == name:
            trimmed = value.strip(b" \t")
            return trimmed.decode() if all(0x20 <= byte <= 0x7E for byte in trimmed) else None
    return None


@given(
    st.lists(st.sampled_from(QUERY_PIECES), max_size=scaled(12)).map(b"".join),
    st.sampled_from(QUERY_NAMES) | st.binary(min_size=1, max_size=3),
)
def test_a_searched_query_gives_the_first_value_of_a_name(query: bytes, name: bytes) -> None:
    assert take_query_apart(query, name) == read_query(query, name, 1_000)


@given(st.lists(st.sampled_from(QUERY_PIECES), max_size=20).map(b"".join), st.integers(0, 3))
def test_a_value_that_is_not_decoded_is_too_long(value: bytes, longest: int) -> None:
    value = value.replace(b"&", b"")
    decoded = read_query(b"q=" + value, b"q", 1_000)
    assert read_query(b"q=" + value, b"q", longest) in ({decoded, None} if len(decoded or "") > longest else {decoded})


def test_a_value_of_the_longest_code_points_is_decoded() -> None:
    assert read_query(b"q=" + b"%F0%9F%8E%89" * 3, b"q", 3) == "\U0001f389" * 3


@given(
    st.lists(st.sampled_from(COOKIE_PIECES), max_size=scaled(12)).map(b"".join), st.sampled_from([b"q", b"qq", b"a"])
)
def test_a_searched_cookie_header_gives_the_first_cookie_of_a_name(cookies: bytes, name: bytes) -> None:
    assert take_cookies_apart(cookies, name) == read_cookie(cookies, name)


def test_there_is_no_cookie_without_the_header() -> None:
    assert read_cookie(None, b"q") is None

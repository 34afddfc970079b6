"""Which parts of two texts differ."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.diff.spans import find_changed_spans
from edgekit.model.placeholder import TOKEN
from tests.scale import scaled

PIECES = [b"a", b"b", b"\n", b"line\n", b"<", b">", b";", b",", b" ", b"{A}", b"{A:url}", b"{?B=x}", b"{_}", b"&amp;"]
TEXTS = st.lists(st.sampled_from([*PIECES, b"x" * 170, "é€".encode()]), max_size=40).map(b"".join)


def changes(old: str, new: str) -> list[tuple[str, str]]:
    before, after = old.encode(), new.encode()
    return [
        (before[span.old_start : span.old_end].decode(), after[span.new_start : span.new_end].decode())
        for span in find_changed_spans(before, after)
    ]


@given(TEXTS, TEXTS)
def test_the_old_text_with_its_spans_replaced_is_the_new_one(old: bytes, new: bytes) -> None:
    made, at = b"", 0
    for span in find_changed_spans(old, new):
        made += old[at : span.old_start] + new[span.new_start : span.new_end]
        at = span.old_end
    assert new == made + old[at:]


@given(TEXTS)
def test_equal_texts_have_no_spans(text: bytes) -> None:
    assert find_changed_spans(text, text) == []


@given(TEXTS, TEXTS)
def test_no_span_begins_or_ends_inside_a_placeholder_or_a_character(old: bytes, new: bytes) -> None:
    for span in find_changed_spans(old, new):
        assert not {span.old_start, span.old_end} & inside_tokens(old)
        assert not {span.new_start, span.new_end} & inside_tokens(new)
        old[span.old_start : span.old_end].decode()
        new[span.new_start : span.new_end].decode()


def inside_tokens(text: bytes) -> set[int]:
    tokens = re.finditer(TOKEN.pattern.encode(), text)
    return {at for token in tokens for at in range(token.start() + 1, token.end())}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb\nc\n", "a\nc\n", [("b\n", "")]),
        ("a\nc\n", "a\nb\nc\n", [("", "b\n")]),
        ("<title>Pot | Shop</title>", "<title>Pot | Store</title>", [("Shop", "Store")]),
        ("<p>19.00 EUR</p>\n", "<p>21.00 EUR</p>\n", [("19", "21")]),
        ("<p>Hello {NAME}, good day</p>", "<p>Hello {NAME:url}, good day</p>", [("{NAME}", "{NAME:url}")]),
        ("<p>Fish &amp; chips for all</p>", "<p>Fish &gt; chips for all</p>", [("&amp;", "&gt;")]),
        ("alpha\n", "omega omega\n", [("alpha\n", "omega omega\n")]),
        ("end\n", "end", [("\n", "")]),
        ("", "new", [("", "new")]),
        ("<i>a</i><i>c</i>", "<i>a</i><i>b</i><i>c</i>", [("", "<i>b</i>")]),
        (f"{'<i>a</i>' * 40}<b>", f"{'<i>a</i>' * 20}<i>n</i>{'<i>a</i>' * 20}<b>", [("", "<i>n</i>")]),
        (
            "<ul>\n  <li>\n    A\n  </li>\n</ul>\n",
            "<ul>\n  <li>\n    A\n  </li>\n  <li>\n    B\n  </li>\n</ul>\n",
            [("", "  <li>\n    B\n  </li>\n")],
        ),
        ("1\n2\n3\n4\n5\n6\n", "1\nx\n3\n4\ny\n6\n", [("2\n", "x\n"), ("5\n", "y\n")]),
    ],
)
def test_a_change_is_as_small_as_its_words(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert expected == changes(old, new)


def test_two_changes_of_one_long_line_are_two() -> None:
    line = "".join(f'<li><a href="/p/{number}">Product {number}</a></li>' for number in range(1000))
    edited = line.replace("Product 17<", "Pot 17<").replace('"/p/900"', '"/p/900?new"')
    assert changes(line, edited) == [("Product", "Pot"), ("", "?new")]


def test_a_block_that_moves_leaves_the_rest_alone() -> None:
    lines = [f"line {number}\n" for number in range(300)]
    moved = [*lines[100:110], *lines[:100], *lines[110:]]
    block = "".join(lines[100:110])
    assert [("", block), (block, "")] == changes("".join(lines), "".join(moved))


def test_texts_without_a_common_line_are_one_change_however_long() -> None:
    size = scaled(20_000)
    old, new = "a\n" * size, "b\n" * (size + 1)
    assert [(old, new)] == changes(old, new)

"""Two bodies side by side."""

from hypothesis import example, given
from hypothesis import strategies as st

from edgekit.diff.html.aligned import align

LINES = st.lists(st.sampled_from([b"", b"<p>a</p>", b"<p>b</p>", b"a {NAME} word", b"another word", b"x" * 300]))
BODIES = st.builds(lambda lines, end: b"\n".join(lines) + end, LINES, st.sampled_from([b"", b"\n"]))


def lines_of(body: bytes) -> list[bytes]:
    return body.removesuffix(b"\n").split(b"\n") if body else []


@given(BODIES, BODIES)
@example(b"abc foo\nbar\n", b"abc bar\n")
@example(b"a", b"a\n")
@example(b"", b"\n")
@example(b"a\n\nb", b"a\nb\n")
def test_each_line_of_both_stands_once_and_unchanged_ones_beside_each_other(old: bytes, new: bytes) -> None:
    rows = list(align(old, new))
    assert lines_of(old) == [row.old.text for row in rows if row.old]
    assert lines_of(new) == [row.new.text for row in rows if row.new]
    assert all(row.old.text == row.new.text for row in rows if not row.differs and row.old and row.new)


@given(BODIES, BODIES)
def test_without_its_changed_parts_a_row_is_the_same_on_both_sides(old: bytes, new: bytes) -> None:
    for row in align(old, new):
        if row.old is not None and row.new is not None and row.differs:
            for line in (row.old, row.new):
                assert all(0 <= start <= end <= len(line.text) for start, end in line.changed)
                assert list(line.changed) == sorted(line.changed)


def test_a_changed_word_is_the_changed_part_of_its_line() -> None:
    [same, row] = align(b"<p>a</p>\n<p>Tea for 12 people</p>\n", b"<p>a</p>\n<p>Tea for 13 people</p>\n")
    assert not same.differs
    assert row.old is not None
    assert row.new is not None
    assert [row.old.text[start:end] for start, end in row.old.changed] == [b"12"]
    assert [row.new.text[start:end] for start, end in row.new.changed] == [b"13"]


def test_where_the_other_side_has_more_text_in_a_line_is_an_empty_part() -> None:
    [row] = align(b"<p>Tea for people</p>\n", b"<p>Tea for 13 people</p>\n")
    assert row.old is not None
    assert row.new is not None
    assert [start == end for start, end in row.old.changed] == [True]
    assert [row.new.text[start:end].strip() for start, end in row.new.changed] == [b"13"]


def test_a_page_that_was_not_there_stands_alone() -> None:
    assert [(row.old, row.new.number) for row in align(None, b"a\nb\n") if row.new] == [(None, 1), (None, 2)]

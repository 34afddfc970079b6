"""A plan on a terminal."""

from edgekit.diff.compare import compare
from edgekit.diff.plan import Hunk
from edgekit.diff.text import MOST_HUNKS, MOST_ROWS, Line, format_text
from edgekit.diff.words import count, format_hunk, format_where
from tests.diff.sides import page_side


def test_long_sections_are_cut_and_counted() -> None:
    def pages(word: str) -> dict[str, bytes]:
        return {f"/{number:03}": f"<p>{word * number}</p>\n".encode() for number in range(1, 101)}

    lines = format_text(compare(page_side("old", pages("a")), page_side("new", pages("b"))))  # type: ignore[arg-type]
    assert Line("Pages (100)", "heading") in lines
    assert Line(f"  … and {100 - MOST_ROWS} more", "quiet") in lines
    assert Line(f"  … and {100 - MOST_HUNKS} more", "quiet") in lines
    assert Line("100 pages changed", "heading") == lines[-1]


def test_no_line_steers_a_terminal() -> None:
    old = page_side("old\x1b[2J", {"/": b"a\x1b[31m\r\n"})
    new = page_side("new\u202e", {"/": b"b\x07\xff\n", "/\x9b": b""})
    assert all(line.text.isprintable() for line in format_text(compare(old, new)))


def hunk(removed: str, added: str, *, before: str = "", after: str = "", cut: int = 0) -> Hunk:
    return Hunk(before, removed, added, after, cut, "/a", 133, ("free", "vip"), 400, 400)


def test_a_hunk_says_where_it_stands() -> None:
    assert format_where(hunk("", "")) == "in 400 fragments (/a and 132 other pages; tiers free, vip)"


def test_a_change_inside_a_line_is_shown_with_what_is_around_it() -> None:
    assert format_hunk(hunk("19", "21", before="…<b>", after=" EUR</b>")) == ["- …<b>19 EUR</b>", "+ …<b>21 EUR</b>"]


def test_what_cannot_be_seen_is_made_visible() -> None:
    assert format_hunk(hunk("a\tb\n", "a b  \n")) == ["- a\\tb", "+ a b··"]
    assert format_hunk(hunk("end\n", "end")) == ["- end\\n", "+ end"]
    assert format_hunk(hunk("", "\n")) == ["+ \\n"]


def test_a_long_hunk_is_cut_and_counted() -> None:
    lines = format_hunk(hunk("", "line\n" * 20, cut=1234))
    assert lines == ["+ line"] * 12 + ["+ … 8 more lines", "… 1,234 more characters"]


def test_nouns_have_their_plurals() -> None:
    assert [count(1, "page"), count(2, "day"), count(1200, "new body")] == ["1 page", "2 days", "1,200 new bodies"]

"""A comment on a pull request: within GitHub's limit, and nothing of a page is Markdown in it."""

import re
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from edgekit.diff.compare import compare
from edgekit.diff.markdown import LONGEST, format_markdown
from edgekit.diff.side import Side
from edgekit.model.slot import Slot
from tests.diff.sides import HERO, USER_NAME, page_side

OURS = re.compile(r"</?(details|summary|code|sub)>")
HOSTILE = [
    *("`", "```", "````\n", "\n", "\n\n    ", "~~~", "**b**", "[a](http://b)", "&lt;", "x"),
    *("</details>", "</code>", "<script>", "@octocat", "#1"),
]
SUMMARY = re.compile(r"(?<=<summary>)([A-Za-z ]+ \([\d,]+\)|Operations and costs)(?=</summary>)")
TEXTS = st.lists(st.sampled_from(HOSTILE), max_size=8).map("".join)


def tokens(markdown: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        yield token
        yield from token.children or ()


def hostile_sides(text: str) -> tuple[Side, Side]:
    path = text.replace("/", "")
    old = page_side("store `x`", {"/": b"", f"/gone{path}": b""}, headers={"/*": {"x-frame-options": text}})
    pages: dict[str, bytes | Mapping[str, bytes]] = {
        "/": {"free": f"{text}{{USER_NAME}}{text}".encode()},
        f"/{path}": b"x",
    }
    return old, page_side(text, pages, segments={"free": {"hero": text}})


@settings(max_examples=20)
@given(TEXTS)
@example("\x1b[2J\u202e\r")
def test_nothing_foreign_is_markdown(text: str) -> None:
    markdown = format_markdown(compare(*hostile_sides(text)))
    assert all(map(str.isprintable, markdown.split("\n")))
    found = list(tokens(markdown))
    assert not {"link_open", "image", "em_open"} & {token.type for token in found}
    bold = {found[at + 1].content for at, token in enumerate(found) if token.type == "strong_open"}
    assert bold <= {"Look at this first"}
    for token in found:
        if token.type in ("html_block", "html_inline"):
            assert OURS.sub("", SUMMARY.sub("", token.content)).strip() == ""
        if token.type == "text":
            assert not re.search(r"[@#]\w", token.content) or in_code(found, token)


def in_code(found: list[Token], token: Token) -> bool:
    """Does a text stand between the HTML tags of code?"""
    before = [other.content for other in found[: found.index(token)] if other.type == "html_inline"]
    return bool(before) and before[-1] == "<code>"


def test_a_comment_is_never_longer_than_github_takes_and_says_what_is_left_out() -> None:
    def side(label: str) -> Side:
        return page_side(
            label, {f"/{n}{'x' * 300}": f"{label}{n}{label}\U0001f389\n".encode() * 50 for n in range(300)}
        )

    text = format_markdown(compare(side("old"), side("new")))
    assert len(text.encode("utf-16-le")) // 2 <= LONGEST
    assert "### edgekit diff: 300 pages changed\n" in text
    assert re.search(r"… and \d+ more lines\n", text)
    assert re.search(r"\nLeft out: \d+ more changes of text; `edgekit diff` shows them\.\n", text)
    assert text.count("<details>") == text.count("</details>")


def test_thousands_of_dangers_are_counted() -> None:
    headers = {f"/{number}{'`' * 400}": {"x-frame-options": "DENY"} for number in range(1000)}
    text = format_markdown(compare(page_side("old", {}, headers=headers), page_side("new", {})))
    assert len(text) <= LONGEST
    assert re.search(r"\n- … and \d+ more dangers\n", text)


@pytest.mark.parametrize("slots", [[HERO], [USER_NAME, HERO]])
def test_no_difference_is_said_in_the_heading(slots: list[Slot]) -> None:
    side = page_side("a", {"/": b""}, slots=slots)
    assert format_markdown(compare(side, side)).startswith("### edgekit diff: no changes\n")

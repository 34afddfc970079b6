"""The expression a finding speaks of: Jinja knows lines, not columns, so it is found again in the line's source."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from jinja2 import Environment, TemplateSyntaxError


class Tag(NamedTuple):
    """A `{{ … }}` or `{% … %}`: the lines it stands on, and its text."""

    first: int
    last: int
    text: str


def find_expression(tags: Sequence[Tag], line: int, words: tuple[str, ...]) -> str | None:
    """The tag of a template that stands on `line` and holds the earliest of `words`; None if there is none on it.

    White space in it is folded, so that it can stand in a message.
    """
    best: tuple[int, str] | None = None
    for first, last, text in tags:
        if first <= line <= last:
            score = sum(
                1 << (len(words) - rank)
                for rank, word in enumerate(words)
                if word and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)
            )
            if best is None or score > best[0]:
                best = score, text
    return " ".join(best[1].split()) if best else None


def read_tags(environment: Environment, source: str) -> list[Tag]:
    """The tags of a template, as far as its syntax is right."""
    tags: list[Tag] = []
    first = 0
    parts: list[str] = []
    try:
        for line, kind, value in environment.lex(source):
            if kind in ("variable_begin", "block_begin"):
                first, parts = line, [value]
            elif parts:
                parts.append(value)
                if kind in ("variable_end", "block_end"):
                    tags.append(Tag(first, line, "".join(parts)))
                    parts = []
    except TemplateSyntaxError:
        pass
    return tags

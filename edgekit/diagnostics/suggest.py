"""The nearest known word for a misspelt one."""

import difflib
from collections.abc import Iterable


def suggest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was most likely meant to be, or None."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`"; did you mean \\`x\\`?"`, or nothing."""
    near = suggest(word, known)
    return f"; did you mean `{near}`?" if near else ""

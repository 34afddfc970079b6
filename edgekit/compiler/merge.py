"""A page's variants in one text: what they share stored once, what differs as alternatives.

Variants come in the order of an odometer, so those that agree on the first choices stand together. Sequences are
compared by lines first and then, where they differ, by the characters they begin and end with.
"""

import re
from collections.abc import Hashable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from edgekit.compiler.align import find_common
from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.trace import Text, Traced
from edgekit.model.placeholder import Mark as Sign
from edgekit.model.slot import Slot


class Choice(NamedTuple):
    """Where variants differ: for each choice of the slot, in order, what stands there."""

    slot: Slot
    alternatives: tuple[tuple["Piece", ...], ...]


Piece = Text | Placed | Mark | Choice


def merge_variants(variants: Sequence[Traced]) -> tuple[Piece, ...]:
    """One sequence for all variants of a page and tier."""
    return _merge_from(variants, 0)


def _merge_from(variants: Sequence[Traced], depth: int) -> tuple[Piece, ...]:
    """The variants agree on their first `depth` decisions."""
    first = variants[0]
    if len(first.decisions) == depth:
        return first.pieces
    slot = first.decisions[depth][0]
    groups = groupby(variants, key=lambda variant: variant.decisions[depth][1])
    return _merge(slot, [_lines(_merge_from(list(group), depth + 1)) for _, group in groups])


def _merge(slot: Slot, sequences: list[list[Piece]]) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    starts = [0] * len(sequences)
    places = find_common([[_key(piece) for piece in sequence] for sequence in sequences])
    for common in [*places, tuple(map(len, sequences))]:
        gaps = [sequence[start:end] for sequence, start, end in zip(sequences, starts, common, strict=True)]
        if any(gaps):
            merged += _alternatives(slot, gaps)
        if common[0] < len(sequences[0]):
            merged.append(sequences[0][common[0]])
        starts = [at + 1 for at in common]
    return tuple(merged)


def _lines(pieces: Sequence[Piece]) -> list[Piece]:
    """Text split behind each line's end."""
    lines: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Text):
            lines += [Text(line, piece.location) for line in piece.text.splitlines(keepends=True)]
        else:
            lines.append(piece)
    return lines


def _key(piece: Piece) -> Hashable:
    """What two pieces must share to be the same; the lines that made them need not be."""
    match piece:
        case Text(text, _):
            return text
        case Placed(slot, form, _):
            return slot.name, form
        case Mark(island, _):
            return ("", island)
        case Choice(slot, alternatives):
            return slot.name, tuple(tuple(map(_key, alternative)) for alternative in alternatives)


def _alternatives(slot: Slot, gaps: list[list[Piece]]) -> list[Piece]:
    """A choice for what differs, without the text that all alternatives begin or end with."""
    before, gaps = _strip(gaps, at_end=False)
    after, gaps = _strip(gaps, at_end=True)
    return [*before, Choice(slot, tuple(tuple(gap) for gap in gaps)), *after]


def _strip(gaps: list[list[Piece]], *, at_end: bool) -> tuple[list[Piece], list[list[Piece]]]:
    edges = [piece for gap in gaps if gap and isinstance(piece := gap[-1 if at_end else 0], Text)]
    size = _shared_size([edge.text for edge in edges], at_end=at_end)
    if len(edges) < len(gaps) or not size:
        return [], gaps
    rest: list[list[Piece]] = []
    for gap, (text, location) in zip(gaps, edges, strict=True):
        kept = Text(text[:-size] if at_end else text[size:], location)
        inner = gap[:-1] if at_end else gap[1:]
        if not kept.text:
            rest.append(inner)
        else:
            rest.append([*inner, kept] if at_end else [kept, *inner])
    text, location = edges[0]
    return [Text(text[-size:] if at_end else text[:size], location)], rest


def _shared_size(texts: Sequence[str], *, at_end: bool) -> int:
    """How many characters all begin (end) with, less those of a token, word or tag that would be cut in two."""
    if at_end:
        texts = [text[::-1] for text in texts]
    size = 0
    for characters in zip(*texts, strict=False):
        if len(set(characters)) > 1:
            break
        size += 1
    if not size:
        return 0
    behind = [text[size : size + 1] for text in texts]
    return _step_back(texts[0][:size], behind, ("}", "{", ">") if at_end else ("{", "}", "<"))


def _step_back(shared: str, behind: Sequence[str], signs: tuple[str, str, str]) -> int:
    """The last place of a shared text where it may end, with `behind` following it.

    `signs` are what begins and ends a token, and what may not stand at the end: the begin of a tag.
    """
    opening, closing, tag = signs
    unclosed = shared.find(opening, shared.rfind(closing) + 1)
    if unclosed >= 0:
        shared, behind = shared[:unclosed], opening
    if shared[-1:].isalnum() and any(map(str.isalnum, behind)):
        shared = _WORD_END.sub("", shared)
    bare = shared.removesuffix("/") if tag == "<" else shared
    return len(bare.rstrip(tag)) if bare.endswith(tag) else len(shared)


_WORD_END: Final = re.compile(r"[^\W_]+\Z")


class Token(NamedTuple):
    """A token that is no placeholder: where an alternative begins or a choice ends."""

    slot: Slot
    sign: Sign
    choice: str


def write_tokens(pieces: Sequence[Piece]) -> list[Text | Placed | Mark | Token]:
    """The pieces in the order they are written, choices as their tokens."""
    written: list[Text | Placed | Mark | Token] = []
    for piece in pieces:
        if not isinstance(piece, Choice):
            written.append(piece)
            continue
        for choice, alternative in zip(piece.slot.choices, piece.alternatives, strict=True):
            written.append(Token(piece.slot, "?", choice))
            written += write_tokens(alternative)
        written.append(Token(piece.slot, "/", ""))
    return written

"""Alternatives: a variant of a fragment is what reading its grammar from left to right gives."""

from collections.abc import Mapping, Sequence
from itertools import groupby, product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.fragment.encodings import ENCODERS
from edgekit.fragment.fill import build_plan, fill
from edgekit.model.fragment import Cut
from edgekit.model.placeholder import format_alternative, format_end, format_placeholder
from edgekit.model.slot import Slot
from tests.fragment.grammar import escape_text, interpret
from tests.replay.published import find_cuts

CHOICES = {"S": ("guest", "member"), "T": ("", "a b", "ł/%41"), "U": ("only",), "KNOWN": ("true", "false")}
SLOTS = {
    "NAME": Slot(name="NAME", source="user.name", default="x", max_length=100),
    "Q": Slot(name="Q", source="request.query.q", default="x", max_length=100),
    **{name: Slot(name=name, source=f"user.{name.lower()}", choices=choices) for name, choices in CHOICES.items()},
}


class Piece(NamedTuple):
    text: str
    is_token: bool


Pieces = tuple[Piece, ...]

odd_texts = st.lists(
    st.sampled_from(["{", "}", "{_}", "{NAME}", "{?S=guest}", "{/S}", "{?S=", "&", "é"]) | st.text(max_size=3),
    max_size=3,
).map("".join)
placeholders = st.builds(format_placeholder, st.sampled_from(["NAME", "Q", "S"]), st.sampled_from(sorted(ENCODERS)))
leaves = odd_texts.map(lambda text: (Piece(text, False),)) | placeholders.map(lambda text: (Piece(text, True),))


def join(parts: Sequence[Pieces]) -> Pieces:
    return tuple(piece for part in parts for piece in part)


def sequences(free: tuple[str, ...]) -> st.SearchStrategy[Pieces]:
    """Text, placeholders and alternatives of the slots `free`."""
    parts = leaves
    if free:
        parts |= st.sampled_from(free).flatmap(lambda name: choices(name, tuple(n for n in free if n != name)))
    return st.lists(parts, max_size=3).map(join)


def choices(name: str, free: tuple[str, ...]) -> st.SearchStrategy[Pieces]:
    def write(contents: tuple[Pieces, ...]) -> Pieces:
        marks = [Piece(format_alternative(name, choice), True) for choice in CHOICES[name]]
        alternatives = [(mark, *content) for mark, content in zip(marks, contents, strict=True)]
        return (*join(alternatives), Piece(format_end(name), True))

    return st.tuples(*(sequences(free) for _ in CHOICES[name])).map(write)


def write_body(pieces: Pieces) -> str:
    """The page's own text is escaped as a whole, as the compiler does it."""
    parts = []
    for is_token, group in groupby(pieces, lambda piece: piece.is_token):
        text = "".join(piece.text for piece in group)
        parts.append(text if is_token else escape_text(text))
    return "".join(parts)


def read_grammar(body: str, values: Mapping[str, str]) -> bytes:
    return interpret(body, lambda name, encoding: ENCODERS[encoding](values[name]), values).encode()


@given(
    sequences(tuple(CHOICES)).map(write_body),
    st.fixed_dictionaries(
        {"NAME": odd_texts, "Q": odd_texts, **{name: st.sampled_from(values) for name, values in CHOICES.items()}}
    ),
)
def test_filling_equals_reading_the_grammar(body: str, values: dict[str, str]) -> None:
    plan = build_plan(body.encode(), find_cuts(body.encode()), SLOTS)
    assert read_grammar(body, values) == fill(plan, [values[name] for name in plan.slots])


MARKS = [format_alternative(name, choice) for name in ("S", "U", "KNOWN") for choice in CHOICES[name]]


@given(st.lists(st.sampled_from([*MARKS, "{/S}", "{/U}", "{/KNOWN}", "x", "{NAME}"]), max_size=7).map("".join))
def test_any_order_of_tokens_is_a_fragment_or_refused(body: str) -> None:
    try:
        plan = build_plan(body.encode(), find_cuts(body.encode()), SLOTS)
    except ValueError:
        return
    for chosen in product(*CHOICES.values()):
        values = {"NAME": "n", **dict(zip(CHOICES, chosen, strict=True))}
        assert read_grammar(body, values) == fill(plan, [values[name] for name in plan.slots])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{?S=guest}a{?S=member}b", "has no end"),
        ("{?S=guest}a{/S}", "ends where it may not"),
        ("{/S}", "ends where it may not"),
        ("{?S=guest}a{?S=member}b{/S}{/S}", "ends where it may not"),
        ("{?S=member}a{?S=guest}b{/S}", "does not stand"),
        ("{?S=guest}a{?S=guest}b{/S}", "does not stand"),
        ("{?S=guest}a{?S=other}b{/S}", "does not stand"),
        ("{?S=guest}a{?S=member}b{?S=guest}c{/S}", "too many alternatives"),
        ("{?S=guest}{?U=only}{?S=member}{/S}{/U}", "stands inside itself"),
        ("{?S=guest}{?U=only}{/S}", "ends where it may not"),
        ("{?T=}{?T=a%20b}{?T=%C5%82%2f%2541}{/T}", "does not stand"),
        ("{?NAME=x}{/NAME}", "too many alternatives"),
        ("{?OTHER=x}{/OTHER}", "not declared: OTHER"),
        ("{/OTHER}", "not declared: OTHER"),
    ],
)
def test_malformed_alternatives_are_refused(body: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build_plan(body.encode(), find_cuts(body.encode()), SLOTS)


@pytest.mark.parametrize("cut", [Cut(0, 3, "", "?"), Cut(0, 3, "", "/"), Cut(0, 3, "", "url"), Cut(0, 3, "NAME", "?")])
def test_a_cut_that_no_token_gives_is_refused(cut: Cut) -> None:
    with pytest.raises(ValueError, match=r"NAME|not declared"):
        build_plan(b"{_}", (cut,), SLOTS)


def test_a_value_that_is_none_of_the_choices_is_refused() -> None:
    body = b"{?S=guest}a{?S=member}b{/S}"
    plan = build_plan(body, find_cuts(body), SLOTS)
    with pytest.raises(ValueError, match="slot S is none of its choices"):
        fill(plan, ["root"])


def test_a_variant_takes_its_own_values_in_their_order() -> None:
    body = b"{?S=guest}{Q}{?S=member}{NAME} {Q} {T:json}{/S}"
    plan = build_plan(body, find_cuts(body), SLOTS)
    assert plan.slots == ("Q", "S", "NAME", "T")
    assert fill(plan, ["q", "guest", "n", ""]) == b"q"
    assert fill(plan, ["q", "member", "n", "a b"]) == b'n q "a b"'

"""What sequences have in common: in order, equal, and found in time that grows with their length."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from edgekit.compiler.align import find_common


def texts(*sequences: str) -> list[str]:
    """The common parts, as the first sequence has them."""
    return [sequences[0][places[0]] for places in find_common(sequences)]


def test_equal_sequences_are_common_as_a_whole() -> None:
    assert find_common(["abc", "abc"]) == [(0, 0), (1, 1), (2, 2)]


def test_ends_are_common_whatever_stands_between() -> None:
    assert "".join(texts("ab-yz", "abbbyz", "abyz")) == "abyz"


def test_what_stands_once_in_each_is_found_between_differences() -> None:
    assert "".join(texts("1a2b3", "4a5b6", "7a8b9")) == "ab"


def test_rows_of_one_length_are_compared_place_by_place() -> None:
    assert "".join(texts("<1>" * 50, "<2>" * 50, "<3>" * 50)) == "<>" * 50


def test_short_rows_of_other_lengths_are_compared_too() -> None:
    assert "".join(texts("<1><1>", "<2><2><2>")) == "<><>"


@given(st.lists(st.text("ab<>", max_size=12), min_size=2, max_size=4))
def test_places_are_equal_and_grow_in_every_sequence(sequences: list[str]) -> None:
    found = find_common(sequences)
    for places in found:
        assert len({sequence[at] for sequence, at in zip(sequences, places, strict=True)}) == 1
    for before, behind in itertools.pairwise(found):
        assert all(a < b for a, b in zip(before, behind, strict=True))

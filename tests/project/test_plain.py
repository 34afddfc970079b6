"""Plain data: deeply frozen copies, and nothing else."""

from collections import OrderedDict, defaultdict, namedtuple
from enum import StrEnum
from typing import Any

import pytest

from edgekit.project.frozen import FrozenDict, FrozenList
from edgekit.project.plain import NotPlainError, as_plain


class Colour(StrEnum):
    RED = "red"


Point = namedtuple("Point", "x y")


class Shifting(Point):
    def shift(self) -> None: ...


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "x", b"x", range(3)])
def test_what_cannot_change_is_itself(value: object) -> None:
    assert as_plain(value) is value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, (2, {"a": [3]})], [1, (2, {"a": [3]})]),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        ((n * n for n in [1, 2]), [1, 4]),
        ({"a": 1}.items(), [("a", 1)]),
        (map(str, [1]), ["1"]),
    ],
)
def test_containers_become_frozen_ones(value: object, expected: object) -> None:
    assert as_plain(value) == expected


def test_freezing_goes_to_the_bottom() -> None:
    plain = as_plain([{"a": ([1],)}])
    assert (type(plain), type(plain[0]), type(plain[0]["a"]), type(plain[0]["a"][0])) == (
        FrozenList, FrozenDict, tuple, FrozenList,
    )  # fmt: skip


def test_a_named_tuple_keeps_its_names_and_no_methods() -> None:
    plain = as_plain(Shifting([1], 2))
    assert (plain.x, plain.y, repr(plain), hasattr(plain, "shift")) == ([1], 2, "Shifting(x=[1], y=2)", False)


@pytest.mark.parametrize("value", [{1}, frozenset(), object(), print, Colour.RED, int, iter([]), [[{"a": {1}}]]])
def test_everything_else_is_refused(value: object) -> None:
    with pytest.raises(NotPlainError):
        as_plain(value)


def test_what_stands_in_many_places_is_copied_once() -> None:
    value: Any = [1]
    for _ in range(200):
        value = [value, value]
    plain = as_plain(value)
    assert plain[0] is plain[1]


def test_what_holds_itself_is_an_error() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(RecursionError):
        as_plain(value)

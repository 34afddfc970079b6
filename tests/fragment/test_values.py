"""Which values slots take."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.fragment.values import (
    accept,
    accept_text,
    default_value,
    describe_values,
    is_well_formed,
    item_keys,
    longest_value,
    normalise,
)
from edgekit.model.slot import MAX_INTEGER, Slot

NAME = Slot(name="NAME", source="user.name", default="there", max_length=5)
AGE = Slot(name="AGE", source="user.age", type="integer", default=7)
HERO = Slot(name="HERO", source="segment.hero", max_length=3)
STATE = Slot(name="STATE", source="user.state", default="guest", choices=("guest", "member"))
PLAN = Slot(name="PLAN", source="segment.plan", choices=("", "a"))
KNOWN = Slot(name="KNOWN", source="user.known", choices=("true", "false"))


@pytest.mark.parametrize("raw", ["", "Linus", "😀😀😀😀😀", "a\0b", "{_}"])
def test_a_string_slot_takes_text_of_its_length(raw: str) -> None:
    assert raw == accept(NAME, raw)


@pytest.mark.parametrize("raw", ["fourth", "😀😀😀😀😀😀", "\ud800", None, True, 5, 5.0, ["a"], {"a": 1}])
def test_a_string_slot_takes_nothing_else(raw: object) -> None:
    assert accept(NAME, raw) is None
    assert normalise(NAME, raw, "there") == "there"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (0, "0"), (-0.0, "0"), (5, "5"), (5.0, "5"), (1e3, "1000"), (-3, "-3"), (2**53 - 1, "9007199254740991"),
        (-(2**53 - 1), "-9007199254740991"), (9007199254740991.0, "9007199254740991"),
    ],
)  # fmt: skip
def test_an_integer_slot_takes_integral_numbers(raw: float, text: str) -> None:
    assert text == normalise(AGE, raw, 7)


@pytest.mark.parametrize(
    "raw", [2**53, -(2**53), 1e16, 5.5, math.inf, -math.inf, math.nan, True, False, None, "5", "", [5], 10**400]
)
def test_an_integer_slot_takes_nothing_else(raw: object) -> None:
    assert accept(AGE, raw) is None
    assert normalise(AGE, raw, 7) == "7"


@pytest.mark.parametrize("raw", ["guest", "member"])
def test_a_choice_slot_takes_its_choices(raw: str) -> None:
    assert raw == accept(STATE, raw) == accept_text(STATE, raw) == normalise(STATE, raw, "guest")


@pytest.mark.parametrize("raw", ["", "Member", "member ", "\ud800", None, True, 0, ["member"], {"member": 1}])
def test_a_choice_slot_takes_nothing_else(raw: object) -> None:
    assert accept(STATE, raw) is None
    assert normalise(STATE, raw, "guest") == "guest"


@pytest.mark.parametrize(("raw", "text"), [(True, "true"), (False, "false")])
def test_whether_a_user_is_known_is_a_boolean_and_filled_as_its_choice(raw: bool, text: str) -> None:
    assert accept(KNOWN, raw) is raw
    assert normalise(KNOWN, raw, False) == text


@pytest.mark.parametrize("raw", ["true", "false", 1, 0, None, []])
def test_nothing_but_a_boolean_tells_whether_a_user_is_known(raw: object) -> None:
    assert accept(KNOWN, raw) is None


def test_nobody_is_known_by_default() -> None:
    assert default_value(KNOWN, {}) is False


@pytest.mark.parametrize(
    ("slot", "said"),
    [(AGE, "an integer within ±(2^53−1)"), (NAME, "a string of at most 5 code points"), (PLAN, "one of ``, `a`")],
)
def test_what_a_slot_takes_can_be_said(slot: Slot, said: str) -> None:
    assert said == describe_values(slot)


RECS = Slot(name="RECS", source="user.recs", island="card", max_items=2, default="empty")


@pytest.mark.parametrize(
    ("raw", "keys"),
    [
        ([], ()), (["a"], ("a",)), (["b", "a", "b"], ("b", "a", "b")), (list("abcdefghij"), tuple("abcdefgh")),
        ([1, None, True, ["a"], {"a": 1}, "a", "", ".."], ("a",)), ([0] * 8 + ["a"], ()),
        (["a\n", "é", "a b", "a/b"], ()),
        (["...", "-", "~", "_", "A.b"], ("...", "-", "~", "_", "A.b")), (["\ud800", "a"], ("a",)),
    ],
)  # fmt: skip
def test_a_list_slot_takes_of_its_first_values_those_that_can_be_keys(raw: list[object], keys: tuple[str, ...]) -> None:
    assert keys == accept(RECS, raw) == item_keys(RECS, raw)


@pytest.mark.parametrize("raw", ["a", None, 5, True, {"a": 1}, {"0": "a"}])
def test_a_list_slot_takes_nothing_but_a_list(raw: object) -> None:
    assert accept(RECS, raw) is None
    assert item_keys(RECS, raw) == ()


def test_a_list_is_empty_by_default() -> None:
    assert default_value(RECS, {}) == ()


@given(st.integers() | st.floats())
def test_integers_print_as_a_double_prints_them(raw: float) -> None:
    value = accept(AGE, raw)
    exact = math.isfinite(raw) and abs(raw) <= MAX_INTEGER and float(raw).is_integer()
    assert (int(float(raw)) if exact else None) == value
    assert type(value) in {int, type(None)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5), ("-5", -5), ("-0", 0), ("007", 7), ("9007199254740991", MAX_INTEGER), ("9007199254740992", None),
        ("12345678901234567", None), ("", None), ("+5", None), (" 5", None), ("5\n", None), ("٥", None), ("5.0", None),
        ("--5", None), (None, None),
    ],
)  # fmt: skip
def test_an_integer_of_the_request_is_digits(text: str | None, value: int | None) -> None:
    assert value == accept_text(AGE, text)


def test_an_empty_value_of_the_request_is_a_value() -> None:
    assert accept_text(NAME, "") == ""


@pytest.mark.parametrize(
    ("slot", "tier", "value"), [(NAME, {}, "there"), (AGE, {}, 7), (HERO, {"hero": "x"}, "x"), (PLAN, {"plan": ""}, "")]
)
def test_the_default_is_the_slots_or_the_tiers(slot: Slot, tier: dict[str, Any], value: object) -> None:
    assert value == default_value(slot, tier)


@pytest.mark.parametrize("tier", [{}, {"hero": "long"}, {"hero": 5}])
def test_a_live_field_needs_a_value_that_it_takes(tier: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="HERO"):
        default_value(HERO, tier)


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_well_formed_is_what_utf8_can_write(text: str) -> None:
    assert (not any(0xD800 <= ord(character) < 0xE000 for character in text)) == is_well_formed(text)


@pytest.mark.parametrize(("slot", "length"), [(NAME, 5), (AGE, 17), (STATE, 6), (KNOWN, 5)])
def test_a_slots_longest_value_has_its_length(slot: Slot, length: int) -> None:
    assert longest_value(slot) == length

"""What a body holds in memory is never more than it says."""

import sys
import tracemalloc
from itertools import product

import pytest

from edgekit.fragment.fill import Plan, fill
from edgekit.replay.held import OWN_BYTES, HeldBodies, HeldBody
from tests.replay.published import declare_slots, find_cuts

CHOICES = {"S": ["guest", "member"], "T": ["a", "b", "c"]}
SLOTS = declare_slots(
    {
        "NAME": {"from": "user.name", "default": "x", "max_length": 9},
        **{
            name: {"from": f"user.{name}", "default": choices[0], "choices": choices}
            for name, choices in CHOICES.items()
        },
    }
)
LONG = "x" * 10_000
ALTERNATIVES = f"{LONG}{{?S=guest}}{{?S=member}}{LONG}{{?T=a}}a{{?T=b}}b{LONG}{{?T=c}}c{{/T}}{{/S}}{{NAME}}{LONG}"


def hold(text: str) -> HeldBody:
    return HeldBody(text.encode(), find_cuts(text.encode()), SLOTS)


def literals(plan: Plan) -> int:
    return sum(map(sys.getsizeof, plan.parts))


@pytest.mark.parametrize(("text", "size"), [(LONG, 10_000), (f"{LONG}{{NAME}}", 2 * 10_006)])
def test_a_body_without_alternatives_is_held_once_and_once_filled(text: str, size: int) -> None:
    assert hold(text).size == OWN_BYTES + size


@pytest.mark.parametrize("text", ["x", "Hello {NAME}", "{NAME} " * 10, "{?S=guest}Log in{?S=member}Hello {NAME}{/S}"])
def test_many_small_bodies_take_about_what_they_say(text: str) -> None:
    hold(text)
    tracemalloc.start()
    try:
        bodies = [hold(text) for _ in range(200)]
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 2 * sum(body.size for body in bodies)


def test_every_variant_is_counted_before_it_is_cut() -> None:
    held = hold(ALTERNATIVES)
    used = len(ALTERNATIVES)
    for chosen in product(*CHOICES.values()):
        values = {"NAME": "n", **dict(zip(CHOICES, chosen, strict=True))}
        texts = [values[name] for name in held.plan.slots]
        assert held.plan.choose is not None
        used += literals(held.plan.choose(texts)[0])
        assert held.plan.choose(texts)[0] is held.plan.choose(texts)[0]
        assert len(fill(held.plan, texts)) <= len(ALTERNATIVES)
    assert held.size == OWN_BYTES + 8 * len(ALTERNATIVES)
    assert used + len(ALTERNATIVES) <= held.size


def test_a_body_whose_variants_have_no_room_is_not_held() -> None:
    held = hold(ALTERNATIVES)
    bodies = HeldBodies(held.size - 1)
    bodies.add(("PAGE_TPL", b"x"), held)
    assert bodies.get(("PAGE_TPL", b"x")) is None


def test_a_body_that_takes_anothers_place_is_counted_once() -> None:
    bodies = HeldBodies(3 * 10_000)
    other = hold(LONG)
    bodies.add(("PAGE_TPL", b"other"), other)
    for _ in range(5):
        bodies.add(("/", "free"), hold(LONG))
    assert bodies.get(("PAGE_TPL", b"other")) is other


def test_a_body_that_has_no_room_leaves_none_of_its_name() -> None:
    bodies = HeldBodies(10_000)
    bodies.add(("/", "free"), hold(LONG))
    bodies.add(("/", "free"), hold(LONG + "x"))
    assert bodies.get(("/", "free")) is None

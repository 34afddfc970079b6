"""Fuel is one number in Python and in JavaScript, and no value is longer than it counts.

Cases stand in tests/cases/fuel, calls with the fuel they give: `EDGEKIT_REWRITE_CASES=1` writes it anew.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.fragment import fuel
from edgekit.fragment.encodings import ENCODERS
from edgekit.fragment.fuel import EXPANSION, FRAME, MOST, POINT, Contents, Fuel, fragment_fuel, list_fuel, request_fuel
from edgekit.model.placeholder import ENCODINGS, Encoding
from tests.source import ROOT

CASES = ROOT / "tests" / "cases" / "fuel"
COUNTED = [(file, name) for file in sorted(CASES.glob("*.json")) for name in json.loads(file.read_text("utf-8"))]

Count = Callable[[list[Any]], Any]


def count(call: list[Any]) -> Any:
    """What Python counts for a call: a function's name and its arguments, as JSON has them."""
    match call:
        case ["fragment", contents, inserts, shared]:
            known = msgspec.convert(inserts, dict[str, Fuel])
            return msgspec.to_builtins(fragment_fuel(msgspec.convert(contents, Contents), known, shared=shared))
        case ["list", items, default, max_items]:
            fuels = msgspec.convert(items, list[Fuel])
            return msgspec.to_builtins(list_fuel(fuels, msgspec.convert(default, Fuel), max_items))
        case ["request", fragment, personal]:
            return request_fuel(msgspec.convert(fragment, Fuel), personal=personal)
    raise AssertionError(call)


@pytest.fixture(scope="module")
def count_in_node() -> Iterator[Count]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no `node` to count fuel in JavaScript")
    script = Path(__file__).with_name("fuel.mjs")
    with subprocess.Popen(
        [node, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        reading, writing = process.stdout, process.stdin
        assert reading is not None
        assert writing is not None

        def count(call: list[Any]) -> Any:
            writing.write(json.dumps(call) + "\n")
            writing.flush()
            return json.loads(reading.readline())

        yield count
        writing.close()
        process.wait(timeout=20)


def read_case(file: Path, name: str) -> tuple[list[Any], Any]:
    case = json.loads(file.read_text("utf-8"))[name]
    if "EDGEKIT_REWRITE_CASES" in os.environ:
        cases = json.loads(file.read_text("utf-8"))
        cases[name]["is"] = count(case["call"])
        lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in cases.items())
        file.write_text(f"{{\n{lines}\n}}\n", "utf-8")
        case = cases[name]
    return case["call"], case["is"]


@pytest.mark.parametrize(("file", "name"), COUNTED, ids=lambda value: getattr(value, "stem", value))
def test_a_case_is_counted_alike_in_python_and_javascript(file: Path, name: str, count_in_node: Count) -> None:
    call, expected = read_case(file, name)
    assert expected == count(call)
    assert expected == count_in_node(call)


def test_the_constants_are_the_same_in_javascript(count_in_node: Count) -> None:
    constants = {name: value for name, value in vars(fuel).items() if name.isupper() and name != "NANOSECONDS"}
    expected = {
        name: dict(value) if name in ("POINT", "EXPANSION", "FRAME") else value for name, value in constants.items()
    }
    assert expected == count_in_node(["costs"])


sizes = st.integers(0, 100) | st.integers(0, 25 * 1024 * 1024)
fuels = st.fixed_dictionaries({"fuel": st.integers(0, MOST), "bytes": st.integers(0, MOST), "live": st.booleans()})
slot_uses = st.fixed_dictionaries(
    {
        "name": st.sampled_from("ABC"),
        "root": st.sampled_from(["user", "segment", "request"]),
        "length": st.integers(0, 16_384),
        "uses": st.lists(st.tuples(st.sampled_from(ENCODINGS), sizes), max_size=5),
    }
)
contents = st.fixed_dictionaries(
    {
        "bytes": sizes,
        "tokens": sizes,
        "slots": st.lists(slot_uses, max_size=5),
        "inserts": st.lists(st.tuples(st.sampled_from(["{RECS}", "recs"]), sizes), max_size=4),
    }
)
calls = (
    st.tuples(st.just("fragment"), contents, st.fixed_dictionaries({"{RECS}": fuels, "recs": fuels}), st.booleans())
    | st.tuples(st.just("list"), st.lists(fuels, max_size=4), fuels, st.integers(1, 100))
    | st.tuples(st.just("request"), fuels, st.booleans())
).map(lambda call: json.loads(json.dumps(call)))


@given(calls)
def test_whatever_is_counted_is_counted_alike(count_in_node: Count, call: list[Any]) -> None:
    assert count(call) == count_in_node(call)


@given(contents, fuels, fuels, st.booleans())
def test_more_of_anything_never_costs_less(
    held: dict[str, Any], one: dict[str, Any], other: dict[str, Any], shared: bool
) -> None:
    inserts = msgspec.convert({"{RECS}": one, "recs": other}, dict[str, Fuel])
    whole = fragment_fuel(msgspec.convert(held, Contents), inserts, shared=shared)
    for name in ("slots", "inserts"):
        less = msgspec.convert({**held, name: held[name][1:]}, Contents)
        assert fragment_fuel(less, inserts, shared=shared).fuel <= whole.fuel
    assert fragment_fuel(msgspec.convert(held, Contents), inserts, shared=False).fuel <= whole.fuel


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_code_point_becomes_longer_than_it_counts(encoding: Encoding) -> None:
    points = [*range(0xD800), *range(0xE000, 0x110000, 251)]
    longest = max(len(ENCODERS[encoding](chr(point)).encode()) - FRAME[encoding] for point in points)
    assert longest <= EXPANSION[encoding]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", ["", "'", "\U0001f389", "a:", "..", "\0"])
@pytest.mark.parametrize("times", [1, 2, 1_000])
def test_no_text_becomes_longer_than_it_counts(encoding: Encoding, text: str, times: int) -> None:
    value = text * times
    assert len(ENCODERS[encoding](value).encode()) <= len(value) * EXPANSION[encoding] + FRAME[encoding]


@given(st.sampled_from(ENCODINGS), st.text() | st.text(alphabet="&<>'\"/:.\\\0\t\n é\U0001f389javscript"))
def test_no_odd_text_becomes_longer_than_it_counts(encoding: Encoding, text: str) -> None:
    assert len(ENCODERS[encoding](text).encode()) <= len(text) * EXPANSION[encoding] + FRAME[encoding]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("", "'"), ("url", "\U0001f389"), ("path", "\U0001f389"), ("href", "'"), ("json", "\U0001f389")],
)
def test_there_are_values_as_long_as_fuel_counts(encoding: Encoding, text: str) -> None:
    frame = 2 if encoding == "json" else 0
    assert len(ENCODERS[encoding](text * 100).encode()) == 100 * EXPANSION[encoding] + frame


def test_every_encoding_has_its_costs() -> None:
    assert set(ENCODINGS) == set(POINT) == set(EXPANSION) == set(FRAME)

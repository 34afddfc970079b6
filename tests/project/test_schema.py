"""The JSON Schema of edgekit.toml takes what the loader takes, and refuses unknown keys and wrong kinds as it does."""

import tomllib
from collections.abc import Iterator
from typing import Any, Final

import pytest
from jsonschema import Draft7Validator

from edgekit.cli.init import STARTER
from edgekit.project.schema import build_schema
from tests.compiler.sites import CONFIG
from tests.compiler.test_cases import CASES, read_case
from tests.project.test_problems import FAULTS
from tests.source import ROOT

SCHEMA: Final = Draft7Validator(build_schema())

REFUSED: Final = {name: fault for name, fault in FAULTS.items() if fault.code in ("EK110", "EK111")}


def errors(text: str) -> list[str]:
    return [error.message for error in SCHEMA.iter_errors(tomllib.loads(text))]


def tables(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key below a schema, and its own schema."""
    for key, value in schema.get("properties", {}).items():
        yield key, value
        yield from tables(value)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from tables(schema["additionalProperties"])


def test_the_schema_is_of_its_draft() -> None:
    Draft7Validator.check_schema(build_schema())


def test_the_schema_is_in_one_piece_and_its_marks_are_gone() -> None:
    written = str(build_schema())
    assert [word for word in ("$ref", "$defs", "x-required", "'null'") if word in written] == []


@pytest.mark.parametrize("file", [ROOT / "site" / "edgekit.toml", STARTER / "edgekit.toml"], ids=["shop", "starter"])
def test_the_example_and_the_starter_are_valid(file: Any) -> None:
    assert errors(file.read_text("utf-8")) == []


@pytest.mark.parametrize("file", sorted((CASES / "accepted").glob("*.html")), ids=lambda file: file.stem)
def test_accepted_cases_are_valid(file: Any) -> None:
    assert errors(read_case(file).get("edgekit.toml", CONFIG)) == []


def test_there_are_refused_sites() -> None:
    assert len(REFUSED) > 20


@pytest.mark.parametrize("fault", REFUSED.values(), ids=REFUSED)
def test_unknown_keys_and_wrong_kinds_are_invalid(fault: Any) -> None:
    assert errors(fault.files["edgekit.toml"]) != []


@pytest.mark.parametrize("text", ["", "[site]\n", '[site]\nbase_url = "https://shop.example"\n'])
def test_the_keys_that_every_site_needs_are_required(text: str) -> None:
    assert errors(text) != []


def test_every_key_has_a_description() -> None:
    assert [key for key, schema in tables(build_schema()) if not schema.get("description")] == []


def test_every_example_is_valid() -> None:
    assert [
        (key, example)
        for key, schema in tables(build_schema())
        for example in schema.get("examples", ())
        if not Draft7Validator(schema).is_valid(example)
    ] == []

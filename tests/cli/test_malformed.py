"""Malformed sites and configurations: whatever lies in the folder, `check` says what is wrong, where, and what to do.

Never a traceback; each diagnostic has a code of the catalogue and a help, a file, and a line that the file has.
"""

import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgekit.diagnostics.catalogue import list_codes
from edgekit.project.schema import build_schema
from tests.cli.command import run
from tests.cli.malformed import (
    CONFIG,
    DATA,
    FILE_FAULTS,
    FILES,
    FOLDER_FAULTS,
    NAMES,
    PLACES,
    VALUES,
    make,
    mutate,
    write_config,
)
from tests.scale import scaled


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "case" / "site"


@contextmanager
def naming(*case: object) -> Iterator[None]:
    """Say which case it was that failed."""
    try:
        yield
    except Exception as error:
        error.add_note(f"case: {case!r:.1000}")
        raise


def said_of(site: Path) -> list[str]:
    """The codes that `check` finds; what it says is looked at."""
    done = run("check", "--format", "json", site)
    assert done.status in (0, 1, 2), done.err
    found = done.json["diagnostics"]
    errors = [diagnostic for diagnostic in found if diagnostic["severity"] == "error"]
    assert (done.status == 0) == (not errors), done
    for diagnostic in found:
        assert diagnostic["code"] in list_codes()
        assert diagnostic["message"]
        assert diagnostic["help"]
        check_place(diagnostic)
    return [diagnostic["code"] for diagnostic in found]


def check_place(diagnostic: Mapping[str, Any]) -> None:
    name, line = diagnostic["file"], diagnostic["line"]
    if diagnostic["code"] == "EK101":  # it is the folder that is wrong
        assert name is None
        return
    assert name is not None, diagnostic
    if line is None:  # what is missing is named where it shall be
        assert os.path.lexists(name) or os.path.lexists(os.path.dirname(name)), diagnostic
    else:
        lines = max(1, Path(name).read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1)
        assert 1 <= line <= lines, diagnostic


def test_the_site_itself_is_right(site: Path) -> None:
    make(site)
    assert said_of(site) == []


def test_a_configuration_cut_anywhere_is_refused_or_right(site: Path) -> None:
    make(site)
    text = write_config(CONFIG)
    for end in random.Random(0).sample(range(len(text)), min(len(text), scaled(10))):
        (site / "edgekit.toml").write_text(text[:end])
        with naming(end):
            said_of(site)


def keys_of(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[str | int, ...]]:
    """The places of a configuration that the schema knows, and one in each of its lists."""
    yield ()
    if isinstance(value, list) and value:
        yield (0,)
    if isinstance(value, dict):
        kinds = [schema, *schema.get("anyOf", ())]
        properties = {key: inner for kind in kinds for key, inner in kind.get("properties", {}).items()}
        others: Any = next((k["additionalProperties"] for k in kinds if k.get("additionalProperties")), {})
        for key in sorted({*properties, *value}):
            for rest in keys_of(properties.get(key, others), value.get(key)):
                yield (key, *rest)


def put(value: Any, place: tuple[str | int, ...], new: Any) -> Any:
    if not place:
        return new
    key, *rest = place
    if isinstance(value, list):
        return [put(value[0], tuple(rest), new), *value[1:]]
    return {**value, key: put(value.get(key), tuple(rest), new)}


def wrong_configurations() -> list[tuple[tuple[str | int, ...], Any]]:
    places = [place for place in keys_of(build_schema(), CONFIG) if place]
    return [(place, value) for place in places for value in VALUES]


def test_every_key_is_known_to_the_schema() -> None:
    assert len({place for place, _ in wrong_configurations()}) > 50


@pytest.mark.parametrize("part", range(4))
def test_any_value_of_any_key_is_refused_or_right(site: Path, part: int) -> None:
    make(site)
    wrong = wrong_configurations()[part::4]
    for place, value in random.Random(part).sample(wrong, min(len(wrong), scaled(15))):
        (site / "edgekit.toml").write_text(write_config(put(CONFIG, place, value)))
        with naming(place, value):
            said_of(site)


@pytest.mark.parametrize("fault", FILE_FAULTS)
def test_a_file_with_a_fault_is_refused_or_right(site: Path, fault: str) -> None:
    names = [*FILES, "edgekit.toml"]
    for name in random.Random(fault).sample(names, min(len(names), scaled(2))):
        make(site)
        FILE_FAULTS[fault](site / name)
        with naming(fault, name):
            said_of(site)


@pytest.mark.parametrize("fault", FOLDER_FAULTS)
def test_a_folder_with_a_fault_is_refused_or_right(site: Path, fault: str) -> None:
    names = ("pages", "templates", "segments", "data", "static", "islands", "more")
    for name in random.Random(fault).sample(names, min(len(names), scaled(2))):
        make(site)
        FOLDER_FAULTS[fault](site / name)
        with naming(fault, name):
            said_of(site)


@pytest.mark.parametrize("place", PLACES)
def test_a_file_of_any_name_is_refused_or_right(site: Path, place: str) -> None:
    content = {"segments": b'hero = "x"', "data": b"[]"}.get(place.partition("/")[0], b"a")
    for name in random.Random(place).sample(NAMES, min(len(NAMES), scaled(3))):
        make(site)
        file = os.path.join(os.fsencode(site), place.encode().replace(b"{}", name))
        os.makedirs(os.path.dirname(file), exist_ok=True)
        if not os.path.isdir(file):
            Path(os.fsdecode(file)).write_bytes(content)
        with naming(place, name):
            said_of(site)
            shown = run("check", site)
            assert all(line.isprintable() for line in (shown.text + shown.err).splitlines()), shown


@pytest.mark.parametrize("form", DATA)
def test_any_data_are_refused_or_right(site: Path, form: str) -> None:
    for text in random.Random(form).sample(DATA[form], min(len(DATA[form]), scaled(8))):
        make(site)
        (site / "data" / "products.json").unlink()
        (site / f"data/products.{form}").write_text(text, encoding="utf-8", newline="")
        with naming(form, text[:50]):
            said_of(site)
        if form == "toml":
            (site / "segments/free.toml").write_text(text, encoding="utf-8", newline="")
            with naming("segments", text):
                said_of(site)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith((".html", ".py"))] + ["edgekit.toml"])
def test_a_mutated_file_is_refused_or_right(site: Path, name: str) -> None:
    chance = random.Random(name)
    make(site)
    content = (site / name).read_bytes() or b"{{ user.name }}"
    for _ in range(scaled(3)):
        mutated = mutate(content, chance)
        (site / name).write_bytes(mutated)
        with naming(name, mutated):
            said_of(site)

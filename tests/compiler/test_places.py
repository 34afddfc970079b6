"""Where a slot may stand and where not: lists that are written from the contract, not from the code."""

from pathlib import Path
from typing import Literal

import pytest

from tests.compiler.sites import compile_files
from tests.places import read_places, write_page


def compile_places(folder: Path, places: list[str]) -> list[list[tuple[str, int | None]]]:
    """Code and line of each error, for each place as a page of one site."""
    pages = {f"pages/{number}.html": write_page(place)[0] for number, place in enumerate(places)}
    found = compile_files(folder, pages).result.diagnostics
    return [
        [(d.code, d.line) for d in found if d.file == str(folder / page) and d.severity == "error"] for page in pages
    ]


def test_every_safe_place_is_accepted(tmp_path: Path) -> None:
    places = read_places("safe")
    found = compile_places(tmp_path, places)
    assert [(place, codes) for place, codes in zip(places, found, strict=True) if codes] == []


def test_every_unsafe_place_is_refused_with_its_line(tmp_path: Path) -> None:
    places = read_places("unsafe")
    wrong = [
        (place, found)
        for place, found in zip(places, compile_places(tmp_path, places), strict=True)
        if not found or any(code[:3] not in {"EK2", "EK3"} or line != write_page(place)[1] for code, line in found)
    ]
    assert wrong == []


@pytest.mark.parametrize(("name", "least"), [("safe", 80), ("unsafe", 150)])
def test_the_lists_are_long_and_say_nothing_twice(name: Literal["safe", "unsafe"], least: int) -> None:
    places = read_places(name)
    assert sorted(set(places)) == sorted(places)
    assert len(places) >= least
    assert [place for place in places if "user." not in place] == []

"""Every entry of the catalogue does what it says: the bad example gives its code, the good one nothing."""

import re
from pathlib import Path
from typing import Final

import pytest

from edgekit.diagnostics.catalogue import format_entry, list_codes, read_entry
from tests.diagnostics.examples import find_codes, read_examples

WITHOUT_EXAMPLE: Final = {
    "EK419": "a race: a file changes between two reads of one build",
    "EK421": "the project refuses such pages and assets earlier, with EK501 and EK104",
    "EK429": "needs a network file system",
    "EK430": "needs a full disk",
    "EK431": "a race: two builds at one time",
    "EK432": "needs a store from which bodies were removed, which no command does",
    "EK453": "needs a worker that the system kills",
    "EK456": "needs a secret in the environment",
    "EK454": "needs a system whose watches are used up",
    "EK455": "needs 100,000 files",
    "EK470": "the good example would have to wait for somebody who asks the server",
    "EK471": "needs a running server with a token",
    **{f"EK{number}": "needs a running site, and a cache that is wrong" for number in range(610, 622)},
}
"""Codes that nothing leads to that a reader could type."""


def test_every_entry_has_its_examples() -> None:
    counts = {
        code: (len(read_examples(code, "bad")), len(read_examples(code, "good")))
        for code in list_codes()
        if code not in WITHOUT_EXAMPLE
    }
    assert {code: count for code, count in counts.items() if count != (1, 1)} == {}


def test_codes_without_an_example_are_as_few_as_listed() -> None:
    without = [code for code in list_codes() if not read_examples(code, "bad") and not read_examples(code, "good")]
    assert sorted(WITHOUT_EXAMPLE) == without


@pytest.mark.parametrize("code", [code for code in list_codes() if code not in WITHOUT_EXAMPLE])
def test_the_bad_example_gives_the_code_and_the_good_one_nothing(code: str, tmp_path: Path) -> None:
    (bad,), (good,) = read_examples(code, "bad"), read_examples(code, "good")
    assert (find_codes(bad, tmp_path / "bad"), find_codes(good, tmp_path / "good")) == ({code}, set())


@pytest.mark.parametrize("code", list_codes())
def test_an_entry_has_its_form(code: str) -> None:
    entry = read_entry(code)
    assert re.fullmatch(r"\S.*[^.]", entry.title)
    assert 1 <= len(re.findall(r"[.](?=\s|$)", entry.why)) <= 2
    assert "\n\n" not in entry.why
    assert "#" not in re.sub(r"```.*?```|`[^`]*`", "", entry.bad + entry.good, flags=re.S)
    lines = format_entry(entry).splitlines()
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 125


def test_titles_differ() -> None:
    titles = [read_entry(code).title for code in list_codes()]
    assert len(titles) == len(set(titles))


def test_an_unknown_code_has_no_entry() -> None:
    with pytest.raises(KeyError):
        read_entry("EK000")

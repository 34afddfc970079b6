"""The tour of mistakes: what newcomers most likely do wrong, and word for word what they then read.

`EDGEKIT_REWRITE_CASES=1` rewrites the outputs in tests/cases/tour: read them, as somebody who meets edgekit there.
"""

import os
import re
import tempfile
from pathlib import Path

import pytest

from tests.cli.transcript import parse_transcript, play

CASES = Path(__file__).parents[1] / "cases" / "tour"
REWRITE = bool(os.environ.get("EDGEKIT_REWRITE_CASES"))


@pytest.mark.parametrize("file", sorted(CASES.glob("*.txt")), ids=lambda file: file.stem)
def test_a_mistake_is_answered_plainly(file: Path) -> None:
    expected = file.read_text("utf-8")
    with tempfile.TemporaryDirectory() as name:  # not pytest's: nobody may enter those
        site = Path(name, "notes").resolve()
        site.parent.chmod(0o755)
        found = play(parse_transcript(expected), site)
    if REWRITE:
        file.write_text(found, "utf-8")
    else:
        assert found == expected
    assert not re.search(r"Traceback|^\[70\]$", found, re.M)


def test_the_tour_is_long() -> None:
    assert len(list(CASES.glob("*.txt"))) >= 40

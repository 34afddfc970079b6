"""Every case of tests/cases/diff: two small sites and, beside them, what is shown of their difference.

A case is a file `NAME.case`. Each line `=== old PATH`, `=== new PATH` or `=== both PATH` begins a file of the site's
old or new state, or of both; `edgekit.toml +` adds to the common configuration; a case without a file of the old state
begins with nothing published. `=== edits` holds the live edits of the store. Beside it stand `NAME.txt`, `NAME.md` and
`NAME.json`. `EDGEKIT_REWRITE_CASES=1` rewrites them: read the difference before a commit.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import msgspec
import pytest

from edgekit.diff.compare import compare
from edgekit.diff.json import build_json, build_schema
from edgekit.diff.markdown import format_markdown
from edgekit.diff.side import Side
from edgekit.diff.text import format_text
from edgekit.fragment.edits import Edits
from tests.compiler.sites import CONFIG
from tests.diff.sides import site_side

CASES = Path(__file__).parents[1] / "cases" / "diff"
REWRITE = bool(os.environ.get("EDGEKIT_REWRITE_CASES"))
FORMS = (".json", ".md", ".txt")


def read_case(file: Path) -> tuple[dict[str, str], dict[str, str], dict[str, Edits]]:
    """The files of both states, and the live edits by tier."""
    files: dict[str, dict[str, str]] = {"old": {}, "new": {}, "edits": {}}
    for head, text in _parts(file):
        side, _, name = head.partition(" ")
        for one in ("old", "new") if side == "both" else (side,):
            files[one][name] = text
    for one in (files["old"], files["new"]):
        if more := one.pop("edgekit.toml +", ""):
            one["edgekit.toml"] = f"{CONFIG}\n{more}"
    edits = msgspec.json.decode(files["edits"].get("", "{}"), type=dict[str, Edits])
    return files["old"], files["new"], edits


def _parts(file: Path) -> Iterator[tuple[str, str]]:
    for part in file.read_text(encoding="utf-8").split("=== ")[1:]:
        head, _, text = part.partition("\n")
        yield head, text


def sides_of(file: Path, folder: Path) -> tuple[Side, Side]:
    old, new, edits = read_case(file)
    return (
        site_side("store build/edge.lmdb", folder / "old", old, edits),
        site_side("site ./site", folder / "new", new, None),
    )


@pytest.mark.parametrize("file", sorted(CASES.glob("*.case")), ids=lambda file: file.stem)
def test_case_is_shown_as_beside_it(file: Path, tmp_path: Path) -> None:
    plan = compare(*sides_of(file, tmp_path))
    document = build_json(plan)
    jsonschema.Draft202012Validator(build_schema()).validate(document)
    shown = {
        ".txt": "".join(f"{line.text}\n" for line in format_text(plan)),
        ".md": format_markdown(plan),
        ".json": json.dumps(document, ensure_ascii=False, indent=2) + "\n",
    }
    for suffix, text in shown.items():
        expected = file.with_suffix(suffix)
        if REWRITE:
            expected.write_text(text, encoding="utf-8")
        assert text == expected.read_text(encoding="utf-8")


def test_every_case_has_its_expectations_and_no_expectation_is_an_orphan() -> None:
    cases = {file.with_suffix(suffix) for file in CASES.glob("*.case") for suffix in FORMS}
    assert {file for file in CASES.iterdir() if file.suffix != ".case"} == cases

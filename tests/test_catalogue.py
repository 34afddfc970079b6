"""The catalogue is the table of all codes: declared = emitted, and each says what and why."""

import ast
import re

from edgekit.diagnostics.catalogue import CATALOGUE
from tests.source import ROOT, tracked, trees

CODE = re.compile(r"EK\d{3}")


def emitted() -> set[str]:
    return {
        node.value
        for name, tree in trees().items()
        if name != "diagnostics/catalogue.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }


def test_codes_declared_are_the_codes_emitted() -> None:
    assert sorted(CATALOGUE) == sorted(emitted())


def test_codes_are_sorted_and_well_formed() -> None:
    assert list(CATALOGUE) == sorted(code for code in CATALOGUE if CODE.fullmatch(code))


def test_titles_differ() -> None:
    titles = [entry.title for entry in CATALOGUE.values()]
    assert len(titles) == len(set(titles))


def test_a_title_is_a_phrase_and_a_why_is_a_sentence() -> None:
    wrong = [
        code
        for code, entry in CATALOGUE.items()
        if not entry.title.strip() or entry.title.endswith(".") or not re.fullmatch(r"\S.*[.]", entry.why)
    ]
    assert wrong == []


def test_documents_name_no_code_that_is_not_declared() -> None:
    named = {
        code for name in tracked() if name.endswith(".md") for code in CODE.findall((ROOT / name).read_text("utf-8"))
    }
    assert named - set(CATALOGUE) == set()


def test_every_code_is_tested() -> None:
    files = [name for name in tracked() if name.startswith("tests/")]
    tested = {code for name in files for code in CODE.findall((ROOT / name).read_text("utf-8", "replace"))}
    assert sorted(set(CATALOGUE) - tested) == []

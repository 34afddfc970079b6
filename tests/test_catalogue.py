"""The catalogue is the list of all codes: declared = emitted = documented = tested."""

import ast
import re

from edgekit.diagnostics.catalogue import list_codes
from tests.source import ROOT, tracked, trees

CODE = re.compile(r"EK\d{3}")


def emitted() -> set[str]:
    return {
        node.value
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }


def test_codes_declared_are_the_codes_emitted() -> None:
    assert list(list_codes()) == sorted(emitted())


def test_codes_are_sorted_and_well_formed() -> None:
    assert list(list_codes()) == sorted(code for code in list_codes() if CODE.fullmatch(code))


def test_codes_declared_are_the_codes_documented() -> None:
    document = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
    assert re.findall(r"^### (EK\d{3}): ", document, re.M) == list(list_codes())


def test_documents_name_no_code_that_is_not_declared() -> None:
    named = {
        code for name in tracked() if name.endswith(".md") for code in CODE.findall((ROOT / name).read_text("utf-8"))
    }
    assert named - set(list_codes()) == set()


def test_every_code_is_tested() -> None:
    files = [name for name in tracked() if name.startswith("tests/")]
    tested = {code for name in files for code in CODE.findall((ROOT / name).read_text("utf-8", "replace"))}
    assert sorted(set(list_codes()) - tested) == []

"""The run's own rules, tried on small runs of pytest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import BUDGETS, folder_of, is_over, overruns
from tests.scale import scaled
from tests.source import ROOT

MODULE_SKIP = "import pytest\npytest.skip('no moon', allow_module_level=True)\n"
TEST_SKIP = "import pytest\ndef test_moon():\n    pytest.skip('no moon')\n"


def run_pytest(folder: Path, source: str, **environment: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text("from tests.conftest import *\n")
    (folder / "test_it.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    base = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "PYTEST_"))}
    done = subprocess.run(
        command, cwd=ROOT, env=base | environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("source", [MODULE_SKIP, TEST_SKIP])
def test_a_skip_is_a_failure_in_ci(source: str, tmp_path: Path) -> None:
    status, output = run_pytest(tmp_path, source, CI="true")
    assert status != 0
    assert "skipped in CI: Skipped: no moon" in output


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    _, output = run_pytest(tmp_path, TEST_SKIP)
    assert "1 skipped" in output


def test_a_folder_without_a_budget_fails_the_run(tmp_path: Path) -> None:
    status, output = run_pytest(tmp_path, "def test_it(): pass\n")
    assert status == 1
    assert "has no budget" in output


def test_the_budget_of_a_folder_holds_for_all_below_it() -> None:
    assert folder_of("tests/kv/publish/test_kill.py::test_it[a/b]") == "tests/kv"


def test_tests_beside_the_folders_have_a_budget_of_their_own() -> None:
    assert folder_of("tests/test_imports.py::test_it") == "tests"


def test_only_folders_over_their_budget_are_named() -> None:
    allowed = scaled(BUDGETS["tests/kv"])
    assert overruns({"tests/kv": allowed, "tests/model": 0.1}) == []
    assert overruns({"tests/kv": allowed + 1}) == [
        f"tests/kv took {allowed + 1:.1f} s, its budget in tests/conftest.py is {allowed} s"
    ]


def test_a_run_fails_when_all_of_it_took_too_long_and_not_by_one_folder_that_was_held_up() -> None:
    kv, model = scaled(BUDGETS["tests/kv"]), scaled(BUDGETS["tests/model"])
    assert not is_over({"tests/kv": kv + model, "tests/model": 0.0})
    assert is_over({"tests/kv": kv + model, "tests/model": 0.1})
    assert is_over({"tests/kv": kv + 1})

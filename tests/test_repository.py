"""What may stand in the repository, and that its documents and its Makefile say what is there."""

import re
import subprocess
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement

from tests.conftest import BUDGETS
from tests.source import ROOT, tracked

TOP_LEVEL = {
    "pyproject.toml", "README.md", "Makefile", "LICENSE", "CHANGELOG.md", "requirements.lock",
    "edgekit", "site", "tests", "build", "docs",
}  # fmt: skip

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
DOCUMENTS = [name for name in tracked() if name.endswith(".md")]


def lines() -> Iterator[tuple[str, int, str]]:
    for name in tracked():
        raw = (ROOT / name).read_bytes()
        if b"\0" not in raw:
            for number, line in enumerate(raw.decode("utf-8").splitlines(), 1):
                yield name, number, line


def matching(pattern: str) -> list[tuple[str, int, str]]:
    return [(name, number, line) for name, number, line in lines() if re.search(pattern, line)]


def test_nothing_else_stands_at_the_top() -> None:
    assert {name.split("/")[0] for name in tracked() if not name.startswith(".")} == TOP_LEVEL


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert matching(r"""(?<![\w.>}])/(?:(?:home|Users)/\w|work/(?:main|shared)\b|root(?:/|[\s"'`]|$))""") == []


def test_no_file_names_the_host_of_a_registry() -> None:
    assert matching(r"pypi\.org|pythonhosted\.org|npmjs\.(com|org)|deb\.debian\.org|crates\.io") == []


def test_every_test_folder_has_a_budget_and_all_fit_into_ten_minutes() -> None:
    folders = {"/".join(name.split("/")[:-1][:2]) for name in tracked() if re.search(r"^tests/.*test_\w+\.py$", name)}
    assert set(BUDGETS) == folders
    assert sum(BUDGETS.values()) < 2 * 540  # two workers, and a minute for what comes before


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text("utf-8"), re.M))


@pytest.mark.parametrize("lock", ["requirements.lock", "tests/requirements.lock"])
def test_every_locked_package_has_hashes(lock: str) -> None:
    packages = re.split(r"\n(?=\S)", (ROOT / lock).read_text("utf-8").strip())
    assert [package for package in packages if not re.search(r"--hash=sha256:[0-9a-f]{64}", package)] == []


def test_the_lock_files_pin_versions_in_the_ranges_of_pyproject() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = pyproject["dependency-groups"]
    wanted = {
        "requirements.lock": pyproject["project"]["dependencies"] + groups["build"],
        "tests/requirements.lock": groups["dev"],
    }
    wrong = [
        (lock, str(requirement))
        for lock, requirements in wanted.items()
        for requirement in map(Requirement, requirements)
        if not requirement.specifier.contains(pins(lock).get(requirement.name, "0"))
    ]
    assert wrong == []  # `make lock` mends it


def make_targets() -> list[str]:
    return [target for target in re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[0].split() if target != "FORCE"]


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  ([a-z-]+)  +\S", listed, re.M) == make_targets()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_names_only_make_targets_that_exist(name: str) -> None:
    named = re.findall(r"`make ([a-z-]+)`", (ROOT / name).read_text("utf-8"))
    assert set(named) - set(make_targets()) == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_links_of_a_document_lead_to_files(name: str) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", (ROOT / name).read_text("utf-8"))
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []

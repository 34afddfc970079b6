"""The hook `edgekit-check`, installed by the real pre-commit in a scratch repository."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from tests import repository
from tests.cli.command import write_shop
from tests.repository import MINUTES, git_environment
from tests.source import ROOT, tracked

HOOKS = ROOT / ".pre-commit-hooks.yaml"
INSTALLED = ("edgekit/", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".pre-commit-hooks.yaml")
"""What a hook's environment is made from."""

GOOD = "<p>\n  {{ user.name }}\n</p>\n"
BAD = "<p>\n  {{ user.name|upper }}\n</p>\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**git_environment(), "PRE_COMMIT_HOME": str(tmp_path / "environments")}


class Repository(repository.Repository):
    def pre_commit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "pre_commit", *arguments)


def copy_source(folder: Path, files: Iterable[str]) -> None:
    for name in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)


@pytest.mark.timeout(MINUTES * 60)
def test_a_bad_template_blocks_the_commit_and_a_good_one_passes(tmp_path: Path, environment: dict[str, str]) -> None:
    source = Repository(tmp_path / "edgekit", environment)
    copy_source(source.folder, (name for name in tracked() if name.startswith(INSTALLED)))
    assert source.commit_all("edgekit").returncode == 0
    shop = Repository(tmp_path / "shop", environment)
    write_shop(shop.folder / "site", {"pages/about.html": BAD})
    (shop.folder / "README.md").write_text("A shop.\n")
    shop.git("add", "-A")
    tried = shop.pre_commit("try-repo", str(source.folder), "edgekit-check", "--all-files")
    if tried.returncode not in (0, 1):  # the hook's environment could not be made
        skip_without_packages(tmp_path)
    assert tried.returncode == 1, tried.stdout
    assert "site/pages/about.html:2: EK202" in tried.stdout

    hook = {"repo": str(source.folder), "rev": source.git("rev-parse", "HEAD"), "hooks": [{"id": "edgekit-check"}]}
    (shop.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [hook]}))
    assert shop.pre_commit("install").returncode == 0
    blocked = shop.commit_all("bad")
    assert blocked.returncode == 1
    assert "site/pages/about.html:2: EK202" in blocked.stdout
    assert shop.run("git", "rev-parse", "--verify", "-q", "HEAD").returncode == 1
    (shop.folder / "site/pages/about.html").write_text(GOOD)
    passed = shop.commit_all("good")
    assert (passed.returncode, "edgekit check" in passed.stdout) == (0, True), passed.stdout
    (shop.folder / "README.md").write_text("A small shop.\n")
    skipped = shop.commit_all("no file of a site")
    assert (skipped.returncode, "Skipped" in skipped.stdout) == (0, True), skipped.stdout


def skip_without_packages(folder: Path) -> None:
    """The hook's environment is made by pip, from a package index, which it asks again and again; this asks once."""
    wanted = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--retries",
        "0",
        "--timeout",
        "10",
        "-d",
        str(folder / "probe"),
        "hatchling",
    ]
    if subprocess.run(wanted, capture_output=True, timeout=60).returncode:
        pytest.skip("pip reaches no package index, from which pre-commit makes the hook's environment")


@pytest.mark.parametrize(
    ("name", "is_given"),
    [
        ("site/edgekit.toml", True),
        ("edgekit.toml", True),
        ("site/pages/index.html", True),
        ("site/templates/mail.txt", True),
        ("site/static/shop.css", True),
        ("data/products.csv", True),
        ("theme/base.jinja", True),
        ("shop/filters.py", True),
        ("README.md", False),
        ("notes/edgekit.toml.txt", False),
        ("package.json", False),
    ],
)
def test_the_hook_is_given_what_may_belong_to_a_site(name: str, is_given: bool) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text("utf-8"))
    assert bool(re.search(hook["files"], name)) == is_given

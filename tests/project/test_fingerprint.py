"""What a fingerprint is made of. That no change of a site escapes a build: `tests/cli/test_unchanged.py`."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from edgekit.project import assets, data, islands, pages, sample, tiers, toolchain
from edgekit.project.config import CONFIG_NAME
from edgekit.project.fingerprint import FILES, FOLDERS, TEMPLATES, digest_at, fingerprint_site
from edgekit.project.toolchain import digest_toolchain, loaded_toolchain
from tests.project.folder import write_site


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site(tmp_path / "site", {"templates/a.html": "a", "static/a/b.css": "b"})


def test_the_folders_and_files_are_those_that_a_site_is_read_from() -> None:
    read = {module.FOLDER for module in (assets, data, islands, pages, tiers)}
    assert {*FOLDERS} == read | {TEMPLATES}
    assert {*FILES} == {CONFIG_NAME, sample.SAMPLE_USERS}


def test_the_place_of_the_site_does_not_count(site: Path, tmp_path: Path) -> None:
    before = fingerprint_site(site)
    assert before.whole
    assert before == fingerprint_site(site.rename(tmp_path / "elsewhere"))


ODD: Final[dict[str, Callable[[Path], object]]] = {
    "a link out of the site": lambda site: (site / "templates/out").symlink_to("/"),
    "a link to the site": lambda site: (site / "templates/out").symlink_to(".."),
    "a link to nothing": lambda site: (site / "templates/out").symlink_to("nothing"),
    "a link to itself": lambda site: (site / "templates/out").symlink_to("out"),
    "a pipe": lambda site: os.mkfifo(site / "templates/out"),
    "a link to a device": lambda site: (site / "templates/out").symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_what_cannot_be_looked_into_is_told(site: Path, make: Callable[[Path], object]) -> None:
    before = fingerprint_site(site)
    make(site)
    after = fingerprint_site(site)
    assert not after.whole
    assert after.digest != before.digest


@pytest.mark.parametrize("target", [".", "../static", "../static/a"])
def test_links_within_the_site_end(site: Path, target: str) -> None:
    before = fingerprint_site(site)
    (site / "templates/in").symlink_to(target)
    linked = fingerprint_site(site)
    assert linked.whole
    assert linked.digest != before.digest


def test_what_a_link_leads_to_counts(site: Path) -> None:
    (site / "more").mkdir()
    (site / "more/a.html").write_text("a")
    (site / "templates/in").symlink_to("../more")
    before = fingerprint_site(site)
    (site / "more/a.html").write_text("b")
    assert fingerprint_site(site) != before


def test_a_name_and_a_content_are_not_taken_for_each_other(site: Path) -> None:
    found = set()
    for names in (["a/b", "c"], ["a", "b/c"], ["a", "b", "c"], ["a/b/c"], ["ab", "c"], ["abc"]):
        for name in names:
            (site / "static/x" / f"{name}.d").mkdir(parents=True)
        found.add(fingerprint_site(site).digest)
        os.rename(site / "static/x", site / f".{len(found)}")
    assert len(found) == 6


def test_what_lies_at_a_place(site: Path) -> None:
    (site / "link").symlink_to("templates/a.html")
    places = ["templates/a.html", "link", "templates", "nothing", "templates/a.html/b"]
    content = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"  # SHA-256 of `a`
    assert [digest_at(f"{site}/{place}") for place in places] == [content, content, "/", "", ""]


def test_edgekits_own_files_count(tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "PACKAGE", str(tmp_path))
    before = digest_toolchain()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/new.pyc").write_text("new")
    assert digest_toolchain() == before
    (site / "templates/a.html").write_text("b")
    assert digest_toolchain() != before


def test_versions_of_packages_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "site-packages"
    (packages / "jinja2-1.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(packages)
    before = digest_toolchain()
    (packages / "jinja2-1.0.dist-info").rename(packages / "jinja2-1.1.dist-info")
    assert digest_toolchain() != before


def test_where_python_looks_for_modules_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest_toolchain()
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    assert digest_toolchain() != before


def test_a_process_builds_with_what_it_has_loaded(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint_site(site)
    monkeypatch.setattr(toolchain, "PACKAGE", str(tmp_path))  # an upgrade, under a `build --watch`
    assert fingerprint_site(site) == before
    loaded_toolchain.cache_clear()
    assert fingerprint_site(site) != before
    loaded_toolchain.cache_clear()

from pathlib import Path

import pytest

from edgekit.project.owners import find_owners
from tests.project.folder import CONFIG, write_site

FUNCTIONS = CONFIG + '[jinja]\nfilters = { money = "shop.filters:money" }\n'
THEMED = CONFIG + '[jinja]\npaths = ["../theme"]\n'


def own(folder: Path, *names: str) -> dict[str, list[str]]:
    """Which of the files the sites of a folder own, all by their names in it."""
    found = find_owners([folder / name for name in names], folder)
    return {
        site.relative_to(folder).as_posix(): [file.relative_to(folder).as_posix() for file in files]
        for site, files in found.items()
    }


def test_a_file_is_of_the_innermost_site_it_lies_in(tmp_path: Path) -> None:
    write_site(tmp_path / "a", {})
    write_site(tmp_path / "a/docs/b", {})
    assert own(tmp_path, "a/pages/index.html", "a/docs/b/edgekit.toml", "a/docs/x.html", "a/gone.html") == {
        "a": ["a/pages/index.html", "a/docs/x.html", "a/gone.html"],
        "a/docs/b": ["a/docs/b/edgekit.toml"],
    }


def test_a_file_outside_every_site_is_of_none(tmp_path: Path) -> None:
    write_site(tmp_path / "site", {})
    assert own(tmp_path, "README.md", "shop/filters.py", "theme/base.html", "../elsewhere/x.html") == {}


def test_a_python_file_below_a_sites_parent_is_the_sites_if_it_has_functions(tmp_path: Path) -> None:
    write_site(tmp_path / "one/site", {"edgekit.toml": FUNCTIONS})
    write_site(tmp_path / "two/site", {})
    files = ("one/shop/filters.py", "one/shop/README.md", "two/shop/filters.py", "setup.py")
    assert own(tmp_path, *files) == {"one/site": ["one/shop/filters.py"]}


def test_a_template_of_a_folder_that_a_site_names_is_the_sites(tmp_path: Path) -> None:
    write_site(tmp_path / "site", {"edgekit.toml": THEMED})
    write_site(tmp_path / "theme", {})
    assert own(tmp_path, "theme/pages/index.html") == {
        "site": ["theme/pages/index.html"],
        "theme": ["theme/pages/index.html"],
    }


@pytest.mark.parametrize("text", ["[site", "[jinja]\npaths = 3\n"])
def test_a_site_with_a_broken_configuration_owns_what_lies_in_it(tmp_path: Path, text: str) -> None:
    write_site(tmp_path / "site", {"edgekit.toml": text})
    assert own(tmp_path, "site/pages/index.html", "shop/filters.py") == {"site": ["site/pages/index.html"]}

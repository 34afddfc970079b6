"""What counts as read by a build, on a real disk."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.watch import inputs
from edgekit.watch.inputs import find_inputs
from tests.watch.site import CONFIG, FILES, write


def wait_for_another_time(folder: Path) -> None:
    """Files' times move on by milliseconds, on older systems and some disks, and what changes within one shows none."""
    clock = folder / ".clock"
    clock.touch()
    before = clock.stat().st_ctime_ns
    while clock.stat().st_ctime_ns == before:
        clock.touch()


def names(root: Path, *stores: Path) -> list[str]:
    return sorted(os.path.relpath(file, root) for file in find_inputs(root, stores).stamps)


def test_all_of_the_site_folder_counts_but_hidden_files_editors_files_and_stores(tmp_path: Path) -> None:
    root = tmp_path / "site"
    write(root, {**FILES, "edgekit.toml": CONFIG + '[build]\nstore = "own/edge.lmdb"\n'})
    write(root, {"users.jsonl": "", "static/a/b.css": "", "templates/base.html": ""})
    left_out = [".git/HEAD", "pages/.index.html.swp", "pages/index.html~", "pages/#index.html#", "pages/4913"]
    left_out += ["__pycache__/x.pyc", "own/edge.lmdb", "own/edge.lmdb-lock", "named.lmdb", "named.lmdb.build"]
    write(root, dict.fromkeys(left_out, ""))
    assert names(root, root / "named.lmdb") == sorted([*FILES, "users.jsonl", "static/a/b.css", "templates/base.html"])


def test_template_folders_and_modules_that_the_configuration_names_count(tmp_path: Path) -> None:
    root = tmp_path / "site"
    jinja = '[jinja]\npaths = ["../theme"]\nfilters = { money = "shop.filters:money" }\n'
    write(root, {**FILES, "edgekit.toml": CONFIG + jinja})
    outside = ["theme/deep/x.html", "shop/filters.py", "shop/deep/tax.py", "lone.py", "pack/__init__.py"]
    write(tmp_path, dict.fromkeys([*outside, "shop/notes.txt", "other/x.py", "README.md"], ""))
    assert names(root) == sorted([*FILES, *(f"../{name}" for name in outside)])


def test_the_file_of_an_issuers_keys_counts_wherever_it_lies(tmp_path: Path) -> None:
    root = tmp_path / "site"
    write(root, {**FILES, "edgekit.toml": CONFIG + '[identity]\njwks = "../keys/login.json"\n'})
    write(tmp_path, {"keys/login.json": "", "keys/other.json": ""})
    assert names(root) == sorted([*FILES, "../keys/login.json"])
    assert str(tmp_path / "keys") in find_inputs(root, []).folders


def test_python_beside_the_site_does_not_count_if_the_site_has_no_functions(tmp_path: Path) -> None:
    write(tmp_path / "site", FILES)
    write(tmp_path, {"lone.py": ""})
    assert names(tmp_path / "site") == sorted(FILES)


def test_what_is_missing_is_waited_for_in_the_folder_where_it_would_be_made(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "site"
    assert find_inputs(root, []) == ({}, (str(tmp_path),))
    write(root, {**FILES, "edgekit.toml": CONFIG + '[jinja]\npaths = ["../../theme/more"]\n'})
    assert str(tmp_path) in find_inputs(root, []).folders


@pytest.mark.parametrize("path", ["\\u0000", "x" * 300, "..", "", "edgekit.toml/x", "~", "/nowhere/at/all"])
def test_whatever_the_configuration_names_can_be_looked_for(tmp_path: Path, path: str) -> None:
    table = f'[build]\nstore = "{path}"\n[jinja]\npaths = ["{path}"]\ntests = {{ a = "{path}:b" }}\n'
    table += f'[identity]\njwks = "{path}"\n'
    write(tmp_path, {**FILES, "edgekit.toml": CONFIG + table})
    assert {*FILES} <= {os.path.relpath(file, tmp_path) for file in find_inputs(tmp_path, []).stamps}


def test_more_files_than_a_site_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, FILES)
    monkeypatch.setattr(inputs, "MAX_FILES", 2)
    with pytest.raises(EdgekitError, match="EK455 there are more than 2 files to watch"):
        find_inputs(tmp_path, [])


def test_a_stamp_changes_with_the_text_the_permissions_and_what_a_link_leads_to(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, "aside.html": "aside"})
    (tmp_path / "link.html").symlink_to(tmp_path / "gone.html")
    seen = [find_inputs(tmp_path, []).stamps]
    edits = (
        lambda: (tmp_path / "pages/index.html").write_text("away"),
        lambda: (tmp_path / "pages/index.html").chmod(0o600),
        lambda: (tmp_path / "aside.html").rename(tmp_path / "pages/index.html"),
        lambda: (tmp_path / "gone.html").write_text("back"),
    )
    for edit in edits:
        wait_for_another_time(tmp_path)
        edit()
        seen.append(find_inputs(tmp_path, []).stamps)
    assert all(before != after for before, after in pairwise(seen))

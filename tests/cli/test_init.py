from pathlib import Path

import pytest

from tests.cli.command import run


@pytest.mark.parametrize("folder", ["shop", "deep/er/my shop", "."])
def test_a_new_site_checks_builds_and_renders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("init", folder)
    assert done.status == 0
    where = {"shop": " shop", "deep/er/my shop": " 'deep/er/my shop'", ".": ""}[folder]
    assert done.text.splitlines()[-2:] == [f"  edgekit check{where}", f"  edgekit serve{where}"]
    assert run("check", folder).status == 0
    assert run("build", folder, "--store", "edge.lmdb").status == 0
    assert run("render", "/", "--store", "edge.lmdb").status == 0


def test_the_files_may_be_changed_by_their_owner(tmp_path: Path) -> None:
    run("init", tmp_path / "shop")
    assert all(path.stat().st_mode & 0o200 for path in (tmp_path / "shop").rglob("*"))


@pytest.mark.parametrize("taken", ["folder", "file"])
def test_what_is_there_is_left_alone(tmp_path: Path, taken: str) -> None:
    place = tmp_path / "shop"
    if taken == "folder":
        place.mkdir()
        (place / ".git").write_text("mine")
    else:
        place.write_text("mine")
    done = run("init", place)
    assert done.status == 2
    assert f"EK481 `{place}` is no" in done.err
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [".git" if taken == "folder" else "shop"]


def test_json_names_the_folder(tmp_path: Path) -> None:
    assert run("init", tmp_path / "shop", "--json").json["folder"] == str(tmp_path / "shop")

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError
from edgekit.project import revision
from edgekit.project.revision import check_out, find_revision
from tests.repository import Repository, git_environment

CONFIG = '[site]\nbase_url = "https://shop.example"\ndefault_tier = "free"\n'


@pytest.fixture(autouse=True)
def _only_our_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in git_environment().items():
        if name.startswith("GIT_"):
            monkeypatch.setenv(name, value)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    """A repository with a site in `shop/site`, tagged `first`; then the page has another text."""
    made = Repository(tmp_path / "work", git_environment())
    site = made.folder / "shop/site"
    (site / "pages").mkdir(parents=True)
    (site / "edgekit.toml").write_text(CONFIG)
    (site / "pages/index.html").write_text("first\n")
    (made.folder / "shop/filters.py").write_text("name = 'first'\n")
    made.commit_all("one")
    made.git("tag", "first")
    (site / "pages/index.html").write_text("second\n")
    made.commit_all("two")
    return made


def site_of(made: Repository) -> Path:
    return made.folder / "shop/site"


def refuse(site: Path, name: str) -> Diagnostic:
    with pytest.raises(EdgekitError) as caught:
        find_revision(site, name)
    assert caught.value.status == 2
    (found,) = caught.value.diagnostics
    return found


def read_page(site: Path, name: str) -> str:
    with check_out(find_revision(site, name)) as checkout:
        return (checkout.site / "pages/index.html").read_text()


def test_a_site_is_as_it_was_with_what_lies_beside_it(shop: Repository) -> None:
    with check_out(find_revision(site_of(shop), "first")) as checkout:
        assert (checkout.site / "pages/index.html").read_text() == "first\n"
        assert (checkout.site.parent / "filters.py").read_text() == "name = 'first'\n"
        assert checkout.submodules == ()
    assert not checkout.site.exists()


def test_names_are_gits(shop: Repository) -> None:
    for name in ("main", "@", "main@{0}", "HEAD^{/two}", shop.git("rev-parse", "--short", "main")):
        assert read_page(site_of(shop), name) == "second\n"
    assert read_page(site_of(shop), "main~1") == "first\n"


def test_nothing_of_the_repository_changes_and_nothing_stays(
    shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site_of(shop) / "pages/index.html").write_text("staged\n")
    shop.git("add", "-A")
    (site_of(shop) / "pages/index.html").write_text("in the working tree\n")
    (site_of(shop) / "pages/new.html").write_text("untracked\n")
    before = shop.state()
    assert read_page(site_of(shop), "first") == "first\n"
    assert shop.state() == before
    assert shop.git("worktree", "list").count("\n") == 0
    assert list((tmp_path / "tmp").iterdir()) == []


def test_hooks_and_programs_of_the_repository_do_not_run(shop: Repository, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        shutil.copy(trap, shop.folder / ".git/hooks" / hook)
    shop.git("config", "core.fsmonitor", str(trap))
    (tmp_path / "sprung").unlink(missing_ok=True)
    assert read_page(site_of(shop), "first") == "first\n"
    assert not (tmp_path / "sprung").exists()


def test_files_that_look_like_a_repository_are_none(shop: Repository, tmp_path: Path) -> None:
    """A branch may hold them: their settings would run programs."""
    site = site_of(shop)
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "bare")], check=True)
    shutil.copytree(tmp_path / "bare", site, dirs_exist_ok=True)
    with (site / "config").open("a") as config:
        config.write(f"[core]\n\tbare = false\n\tworktree = {site}\n")
    found = refuse(site, "first")
    assert (found.code, "bare repository" in found.message) == ("EK170", True)


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"])
def test_in_a_hook_gits_own_variables_lead_nowhere_else(
    shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert read_page(site_of(shop), "first") == "first\n"
    assert not (tmp_path / "elsewhere").exists()


def test_a_sparse_checkout_and_another_worktree_are_of_no_matter(shop: Repository, tmp_path: Path) -> None:
    shop.git("worktree", "add", "-q", str(tmp_path / "other"), "first")
    assert read_page(tmp_path / "other/shop/site", "main") == "second\n"
    shop.git("sparse-checkout", "set", "--no-cone", "/shop/site/")
    with check_out(find_revision(site_of(shop), "first")) as checkout:
        assert (checkout.site.parent / "filters.py").exists()


def test_a_link_to_the_site_leads_to_its_repository(shop: Repository, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(site_of(shop))
    assert read_page(tmp_path / "link", "first") == "first\n"


def test_a_site_may_be_the_whole_repository(tmp_path: Path) -> None:
    made = Repository(tmp_path / "site", git_environment())
    (made.folder / "edgekit.toml").write_text(CONFIG)
    made.commit_all("one")
    with check_out(find_revision(made.folder, "main")) as checkout:
        assert [file.name for file in checkout.site.parent.iterdir()] == ["site"]


def test_a_submodule_is_empty_and_named(shop: Repository, tmp_path: Path) -> None:
    theme = Repository(tmp_path / "theme", git_environment())
    (theme.folder / "layout.html").write_text("x")
    theme.commit_all("theme")
    shop.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(theme.folder), "theme")
    shop.commit_all("three")
    with check_out(find_revision(site_of(shop), "main")) as checkout:
        assert checkout.submodules == ("theme",)


@pytest.mark.parametrize(
    "name", ["mian", "", "-h", "--git-dir=/", "^main", "main..first", "main:shop/site", "a b", "é"]
)
def test_what_names_no_commit_is_refused(shop: Repository, name: str) -> None:
    found = refuse(site_of(shop), name)
    assert (found.code, found.message) == ("EK171", f"git has no commit `{name}` in `{os.path.relpath(shop.folder)}`")
    assert ("without a path" in found.help) == (":" in name)


def test_a_shallow_clone_is_told_how_to_get_the_rest(shop: Repository, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth=1", shop.folder.as_uri(), str(clone)], check=True)
    assert "git fetch --unshallow" in refuse(clone / "shop/site", "main~1").help


def test_a_partial_clone_fetches_what_it_lacks(shop: Repository, tmp_path: Path) -> None:
    shop.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--filter=blob:none", shop.folder.as_uri(), str(clone)], check=True)
    assert read_page(clone / "shop/site", "first") == "first\n"


def test_a_branch_of_the_remote_is_named(shop: Repository, tmp_path: Path) -> None:
    shop.git("branch", "next")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", shop.folder.as_uri(), str(clone)], check=True)
    assert "`git:origin/next`" in refuse(clone / "shop/site", "next").help


def test_a_revision_without_the_site_is_refused(shop: Repository) -> None:
    other = shop.folder / "other"
    other.mkdir()
    (other / "edgekit.toml").write_text(CONFIG)
    found = refuse(other, "first")
    assert (found.code, found.message) == (
        "EK172",
        "`git:first` has no `other/edgekit.toml`, so the site was not there",
    )


def test_without_a_repository_git_is_of_no_use(tmp_path: Path) -> None:
    found = refuse(tmp_path, "main")
    assert (found.code, "in no repository" in found.message) == ("EK170", True)


def test_a_bare_repository_has_no_site(shop: Repository, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", "--bare", str(shop.folder), str(tmp_path / "bare.git")], check=True)
    assert "bare repository" in refuse(tmp_path / "bare.git", "main").message


def test_a_repository_of_somebody_else_is_not_trusted(shop: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own tests use it: only root gives a folder away
    found = refuse(site_of(shop), "main")
    assert (found.code, "does not trust" in found.message) == ("EK170", True)
    assert "safe.directory" in found.help


def test_without_git_the_way_out_is_named(shop: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert refuse(site_of(shop), "main").message == "there is no `git` here"


def test_a_filter_that_fails_is_what_git_says(shop: Repository, tmp_path: Path) -> None:
    (shop.folder / ".gitattributes").write_text("*.html filter=broken\n")
    shop.commit_all("three")
    shop.git("config", "filter.broken.smudge", "false")
    shop.git("config", "filter.broken.required", "true")
    with pytest.raises(EdgekitError, match=r"EK173 git cannot write the files of `git:main`: .*smudge filter"):
        read_page(site_of(shop), "main")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_git_that_does_not_end_is_ended(shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "bin/git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\ncase "$*" in *read-tree*) exec sleep 60; esac\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(revision, "_CHECKOUT_SECONDS", 0.1)
    with pytest.raises(EdgekitError, match=r"EK173 git did not end within 0\.1 seconds"):
        read_page(site_of(shop), "main")


def test_findings_name_files_as_git_does(shop: Repository) -> None:
    def find_something() -> None:
        with check_out(find_revision(site_of(shop), "first")) as checkout:
            file = checkout.site / "pages/index.html"
            told = f"`{os.path.relpath(file)}` and `{file}`"
            raise EdgekitError([Diagnostic(code="EK202", message=told, help=told, file=str(file), line=1)], 1)

    with pytest.raises(EdgekitError) as caught:
        find_something()
    (found,) = caught.value.diagnostics
    assert found.file == "first:shop/site/pages/index.html"
    assert found.message == found.help == "`shop/site/pages/index.html` and `shop/site/pages/index.html`"
    assert caught.value.status == 1

"""A site as git has it at a revision: what `git:REF` names.

The revision's files are written into a temporary folder, through an index that lies there too. Of the user's
repository nothing changes: no checkout, index, stash or branch, and no worktree is registered that would stay behind
a kill. No hook runs; filters (line ends, LFS) are those that the user's own configuration of git has.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from msgspec import structs

from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError, failure
from edgekit.project.config import CONFIG_NAME

_SECONDS: Final = 30
_CHECKOUT_SECONDS: Final = 600
"""A repository may be large, and a partial clone fetches what it lacks."""

_SUBMODULE: Final = "160000 "
"""The mode of an index entry that names another repository's commit."""

_OPTIONS: Final = (
    # A repository's settings that would run a program, or write beside the index that is ours.
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    "core.sparseCheckout=false",  # the site's files may lie outside of what the user wants to see
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "safe.bareRepository=explicit",  # files of the site's folder may look like a repository, settings included
)

_PLACES: Final = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE",
    "GIT_INTERNAL_SUPER_PREFIX", "GIT_EXTERNAL_DIFF", "GIT_ATTR_SOURCE", "GIT_LITERAL_PATHSPECS",
)  # fmt: skip
"""What git hands to hooks, and they to us: variables that lead to another repository than the site's."""


class Revision(NamedTuple):
    """A commit (hex) of the repository at `top`; the site is at `prefix` below it, `.` if it is the whole."""

    name: str
    commit: str
    top: Path
    git: Path
    prefix: Path


class Checkout(NamedTuple):
    """A site's folder as it was, and the submodules (paths in the repository) that are empty in it."""

    site: Path
    submodules: tuple[str, ...]


def find_revision(site: Path, name: str) -> Revision:
    """The commit that `name` (a branch, a tag, a digest …) stands for in the repository of the folder `site`.

    Raises EdgekitError: EK170 where git cannot be used, EK171 for a name that stands for no commit, EK172 if the
    commit has no site at that place.
    """
    top = _find_top(site)
    git = Path(_run(top, "rev-parse", "--absolute-git-dir").stdout.removesuffix("\n"))
    commit = _find_commit(top, name)
    if commit is None:
        raise failure("EK171", f"git has no commit `{name}` in `{_shown(top)}`", help=_way_to(top, name))
    prefix = site.resolve().relative_to(top.resolve())
    file = (prefix / CONFIG_NAME).as_posix()
    if _run(top, "cat-file", "-e", f"{commit}:{file}").returncode != 0:
        raise failure(
            "EK172",
            f"`git:{name}` has no `{file}`, so the site was not there",
            help="name a revision that has it; the site is looked for where it is now in the repository",
        )
    return Revision(name, commit, top, git, prefix)


@contextmanager
def check_out(revision: Revision) -> Iterator[Checkout]:
    """The site as it was at a revision, in a folder elsewhere that is removed when the `with` ends.

    The whole tree is there, for templates and functions may lie outside the site's folder; submodules are empty.
    Raises EdgekitError (EK173) if git cannot write it. Findings that leave the `with` name files as git does,
    `main:site/pages/index.html`.
    """
    with TemporaryDirectory(prefix="edgekit-", ignore_cleanup_errors=True) as name:
        root = Path(name).resolve()
        # A folder between: the site's own Python is looked for beside the site, and nothing but ours is to be there.
        tree = root / "tree" / (revision.top.name or "tree")
        tree.mkdir(parents=True)
        git = [f"--git-dir={revision.git}", f"--work-tree={tree}"]
        index = str(root / "index")
        write = ["read-tree", "-m", "-u", "--no-recurse-submodules", revision.commit]
        done = _run(tree, *git, *write, index=index, seconds=_CHECKOUT_SECONDS)
        if done.returncode != 0:
            raise failure(
                "EK173",
                f"git cannot write the files of `git:{revision.name}`: {_last_line(done.stderr)}",
                help=f"`git worktree add --detach DIR {revision.name}` shows more of it",
            )
        staged = ""
        if (tree / ".gitmodules").exists():
            staged = _run(tree, *git, "ls-files", "--stage", "-z", index=index).stdout
        submodules = [entry.partition("\t")[2] for entry in staged.split("\0") if entry.startswith(_SUBMODULE)]
        try:
            yield Checkout(tree / revision.prefix, tuple(submodules))
        except EdgekitError as error:
            raise EdgekitError(
                [_renamed(diagnostic, tree, revision.name) for diagnostic in error.diagnostics], error.status
            ) from None


def _find_top(site: Path) -> Path:
    asked = _run(site, "rev-parse", "--show-toplevel")
    if asked.returncode == 0:
        return Path(asked.stdout.removesuffix("\n"))
    said = asked.stderr
    if "dubious ownership" in said:
        raise failure(
            "EK170",
            f"git does not trust the repository of `{_shown(site)}`: it belongs to another user",
            help="run as that user; or, if you trust it, `git config --global --add safe.directory` its folder",
        )
    if "bare repository" in said or "must be run in a work tree" in said:
        raise failure(
            "EK170",
            f"`{_shown(site)}` is in a bare repository of git, which has no files beside it",
            help="clone it, and compare in the clone",
        )
    if "not a git repository" in said:
        raise failure(
            "EK170",
            f"`{_shown(site)}` is in no repository of git",
            help="name a folder or a store to compare with, or `git clone` the site with its history",
        )
    raise failure("EK170", f"git cannot be used: {_last_line(said)}", help="mend that first; `git status` shows it too")


def _find_commit(top: Path, name: str) -> str | None:
    if name.startswith("-"):  # an option to git
        return None
    found = _run(top, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").stdout.strip()
    return found if re.fullmatch(r"[0-9a-f]{40,64}", found) else None


def _way_to(top: Path, name: str) -> str:
    if name.startswith("-") or not name:
        return "name a branch, a tag or a digest, as in `git:main`"
    if ":" in name:
        return "name a revision without a path: the site is looked for where it is now in the repository"
    if _run(top, "rev-parse", "--is-shallow-repository").stdout.strip() == "true":
        return (
            "the clone is shallow: `git fetch --unshallow` gets the rest, "
            "in GitHub Actions `fetch-depth: 0` of `actions/checkout`"
        )
    if _find_commit(top, f"origin/{name}") is not None:
        return f"there is no branch of that name here; `git:origin/{name}` is the remote's"
    return "`git branch -a` and `git tag` list names; `git fetch` gets new ones"


def _run(
    folder: Path, *arguments: str, index: str | None = None, seconds: float = _SECONDS
) -> "subprocess.CompletedProcess[str]":
    """Git in a folder, in English, asking nobody. Raises EK170 if there is no git, EK173 if it takes too long."""
    environment = {name: value for name, value in os.environ.items() if name not in _PLACES}
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    if index is not None:
        environment["GIT_INDEX_FILE"] = index
    options = [part for option in _OPTIONS for part in ("-c", option)]
    try:
        return subprocess.run(  # noqa: S603
            ["git", *options, *arguments],  # noqa: S607
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=seconds,
        )
    except FileNotFoundError:
        raise failure("EK170", "there is no `git` here", help="install git; `git:REF` needs it") from None
    except subprocess.TimeoutExpired:
        raise failure(
            "EK173",
            f"git did not end within {seconds} seconds",
            help="see what it waits for: a lock, a network, a filter",
        ) from None


def _renamed(diagnostic: Diagnostic, tree: Path, name: str) -> Diagnostic:
    """A finding in words that hold when the folder is gone: files are named as git names them."""
    file = diagnostic.file
    if file is not None and Path(file).is_relative_to(tree):
        file = f"{name}:{Path(file).relative_to(tree).as_posix()}"
    return structs.replace(
        diagnostic, file=file, message=_without(tree, diagnostic.message), help=_without(tree, diagnostic.help)
    )


def _without(tree: Path, text: str) -> str:
    # The relative one may end in the absolute one: `../../tmp/…`.
    for folder in sorted((str(tree), os.path.relpath(tree)), key=len, reverse=True):
        text = text.replace(folder + os.sep, "").replace(folder, ".")
    return text


def _last_line(said: str) -> str:
    return next((line for line in reversed(said.splitlines()) if line.strip()), "it does not say why")


def _shown(folder: Path) -> str:
    return os.path.relpath(folder)

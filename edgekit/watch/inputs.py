"""What a build of a site reads, as it lies on disk: which files there are, and a stamp of each."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from edgekit.diagnostics.diagnostic import failure
from edgekit.project.config import Config, read_config
from edgekit.project.files import is_text
from edgekit.project.problems import Problems

MAX_FILES: Final = 100_000
"""More is no site, but a folder that was named by mistake."""

_SKIPPED: Final = frozenset({"__pycache__", "node_modules", "4913"})
"""`4913` is the file by which Vim finds out whether it may write."""

_EDITORS: Final = re.compile(r"\..*|#.*#|.*(~|___jb_tmp___|___jb_old___)", re.S)

Stamp = tuple[int, int]
"""Inode and time of the last change (ns): another one, and the file was written, replaced, touched or let be read."""


class Inputs(NamedTuple):
    """The stamps of files by their absolute paths, and the folders in which a change of them shows."""

    stamps: dict[str, Stamp]
    folders: tuple[str, ...]


def find_inputs(root: Path, stores: Sequence[Path]) -> Inputs:
    """What is there now for a build of the site folder `root`, an absolute path, that may be gone.

    That is the site folder, `[jinja] paths`, the file of `[identity] jwks`, and the Python beside the site if `[jinja]`
    names any: modules, and packages with all that is in them. Left out are hidden files, those of editors, and stores:
    `stores` and the configured one. Raises EK455 for more than MAX_FILES.
    """
    read = read_config(root, Problems()) if os.path.isdir(root) else None
    config = read[1] if read is not None else None
    trees = [str(root)]
    written = [os.path.realpath(store) for store in stores]
    if config is not None:
        trees += [os.path.abspath(root / path) for path in config.jinja.paths]
        written += [os.path.abspath(root / config.build.store)] if config.build.store else []
    apart = tuple(store for store in written if not os.path.isdir(store))  # and all that a store's name is the start of
    stamps: dict[str, Stamp] = {}
    folders = {_nearest(str(root.parent))}
    for tree in trees:
        folders.add(_nearest(tree))
        _walk(tree, stamps, folders, apart)
    if config is not None:
        for folder, deep in _find_packages(root, config):
            _walk(str(folder), stamps, folders, apart, ending=".py", deep=deep)
        if config.identity.jwks:
            keys = root / config.identity.jwks
            _walk(os.path.abspath(keys.parent), stamps, folders, apart, ending=keys.name, deep=False)
    return Inputs(stamps, tuple(sorted(folders)))


def _find_packages(root: Path, config: Config) -> Iterator[tuple[Path, bool]]:
    """The folder that modules of the site are imported from, and the packages in it, which are walked to their ends."""
    targets = [*config.jinja.filters.values(), *config.jinja.tests.values(), *config.jinja.globals.values()]
    if not targets:
        return
    yield root.parent, False
    named = {target.partition(":")[0].partition(".")[0] for target in targets}
    for folder in sorted(filter(Path.is_dir, root.parent.glob("[!.]*"))):
        if folder != root and (folder.name in named or (folder / "__init__.py").exists()):
            yield folder, True


def _nearest(folder: str) -> str:
    """The folder, or where it would have to be made: only what is there can be watched."""
    while not os.path.isdir(folder):  # which, unlike Path's, takes every name
        folder = os.path.dirname(folder)
    return folder


def _walk(
    folder: str,
    stamps: dict[str, Stamp],
    folders: set[str],
    apart: tuple[str, ...],
    ending: str = "",
    deep: bool = True,
) -> None:
    try:
        entries = list(os.scandir(folder))
    except (OSError, ValueError):  # gone, or not to be read, or no name of a file: the build says so
        return
    folders.add(folder)
    for entry in entries:
        if _is_skipped(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False) and is_text(entry.name):
            if deep:
                _walk(entry.path, stamps, folders, apart, ending)
        elif entry.name.endswith(ending) and not entry.path.startswith(apart):
            if len(stamps) == MAX_FILES:
                raise failure(
                    "EK455",
                    f"there are more than {MAX_FILES} files to watch, the last in `{folder}`",
                    help="see to the folders that `[jinja] paths` names, and what lies in the site folder",
                )
            stamps[entry.path] = _stamp(entry)


def _is_skipped(name: str) -> bool:
    """Hidden, or made by an editor for a moment; no build is worth these."""
    return bool(_EDITORS.fullmatch(name)) or name in _SKIPPED


def _stamp(entry: "os.DirEntry[str]") -> Stamp:
    for follow in (True, False):  # a link that leads nowhere is one, too
        try:
            status = entry.stat(follow_symlinks=follow)
        except OSError:
            continue
        return status.st_ino, status.st_ctime_ns
    return 0, 0

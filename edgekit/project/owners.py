"""Which sites files belong to: those they lie in, and those whose templates or functions they are."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from edgekit.project.config import CONFIG_NAME, read_config
from edgekit.project.problems import Problems


def find_owners(files: Iterable[Path], folder: Path) -> dict[Path, list[Path]]:
    """Site folder → those of the files that belong to it; files of no site are left out.

    A file belongs to the innermost site it lies in; to a site with functions of its own, if it is a Python file below
    the site's parent; to one that has it in its `[jinja] paths`. For the last two, sites are looked for beside each
    folder that a file of `folder` lies in. All paths are absolute; no file need be there.
    """
    around = {file: _enclosing_site(file) for file in files}
    beside = {above for file in around for above in file.parents if above.is_relative_to(folder)}
    near = {child for above in beside for child in _list_folders(above) if _is_site(child)}
    sites = sorted(near.union(site for site in around.values() if site is not None))
    owned = {site: _select(site, around) for site in sites}
    return {site: files for site, files in owned.items() if files}


def _enclosing_site(file: Path) -> Path | None:
    return next((above for above in file.parents if _is_site(above)), None)


def _list_folders(folder: Path) -> list[Path]:
    """The folders and links in a folder; of thousands of files beside them none is asked anything."""
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries if entry.is_symlink() or entry.is_dir()]
    except OSError:  # it is gone, or may not be read
        return []


def _is_site(folder: Path) -> bool:
    return os.path.isfile(folder / CONFIG_NAME)


def _select(site: Path, around: Mapping[Path, Path | None]) -> list[Path]:
    """The files of one site. One whose configuration cannot be read owns what lies in it."""
    folders: Sequence[Path] = ()
    modules: Path | None = None
    root = site.resolve()
    if (read := read_config(root, Problems())) is not None:
        jinja = read[1].jinja
        folders = [Path(root, path).resolve() for path in jinja.paths]
        modules = root.parent if jinja.filters or jinja.tests or jinja.globals else None
    return [
        file
        for file, enclosing in around.items()
        if enclosing == site
        or any(file.resolve().is_relative_to(other) for other in folders)
        or (modules is not None and file.suffix == ".py" and file.resolve().is_relative_to(modules))
    ]

"""Where a command finds its site and its store: the rules of the contract, section 9."""

import os
from pathlib import Path
from typing import Final

from edgekit.diagnostics.diagnostic import failure
from edgekit.project.config import BuildTable, read_keep_releases, read_store
from edgekit.project.root import is_site

DEFAULT_STORE: Final = Path("build/edge.lmdb")


def find_site() -> Path | None:
    """The site folder when none is given: `.` if it has an `edgekit.toml`, else `./site`, if that is one."""
    return next((folder for folder in (Path(), Path("site")) if is_site(folder)), None)


def site_folder(given: Path | None) -> Path:
    """Raises EK101 if none is given and none is found."""
    folder = given or find_site()
    if folder is None:
        help = "name the site's folder, or make a site with `edgekit init DIR`"
        if above := next(filter(is_site, Path.cwd().parents), None):
            help = f"name the site's folder, `{os.path.relpath(above)}`, or go there"
        raise failure("EK101", "there is no site here: neither `.` nor `./site` has an `edgekit.toml`", help=help)
    return folder


def store_file(given: Path | None, configured: Path | None) -> Path:
    """`--store` or EDGEKIT_STORE, then `[build] store` of the site, then `build/edge.lmdb` in the current folder."""
    return given or configured or DEFAULT_STORE


def find_store(given: Path | None) -> Path:
    """The store for a command that needs no site; of a site in the current folder only `[build] store` is read.

    Raises EdgekitError if that cannot be read.
    """
    if given is not None:
        return given
    folder = find_site()
    return store_file(None, read_store(folder) if folder is not None else None)


def find_keep_releases() -> int:
    """`[build] keep_releases` of a site in the current folder, else its default.

    Raises EdgekitError if that cannot be read.
    """
    folder = find_site()
    return read_keep_releases(folder) if folder is not None else BuildTable().keep_releases

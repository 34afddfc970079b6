"""Which folders are sites; nothing of them is read."""

import os
from pathlib import Path

from edgekit.diagnostics.diagnostic import failure
from edgekit.project.config import CONFIG_NAME


def is_site(folder: Path) -> bool:
    """Is `folder` a site folder?"""
    return os.path.isfile(folder / CONFIG_NAME)


def site_root(folder: Path) -> Path:
    """The site folder as an absolute path without links. Raises EK101 for what is none."""
    if not os.path.isdir(folder):
        missing = "is no folder" if os.path.exists(folder) else "does not exist"
        raise failure(
            "EK101",
            f"the site `{folder}` {missing}",
            help="name a folder with an `edgekit.toml`, or make one with `edgekit init DIR`",
        )
    if not os.path.exists(folder / CONFIG_NAME):
        raise failure(
            "EK101",
            f"`{folder}` has no `{CONFIG_NAME}`, so it is no site",
            help="name a folder that has one, or make a site with `edgekit init DIR`",
        )
    return folder.resolve()

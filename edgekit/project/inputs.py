"""What any page may read beside templates and assets: configuration, tiers, data and the site's own Python."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from edgekit.project import data, tiers
from edgekit.project.config import CONFIG_NAME


def list_inputs(root: Path) -> list[Path]:
    """`edgekit.toml` and the regular files of `segments/` and `data/`; hidden ones are left out."""
    folders = root / tiers.FOLDER, root / data.FOLDER
    files = [root / CONFIG_NAME, *sorted(file for folder in folders for file in folder.glob("[!.]*"))]
    return [file for file in files if file.is_file()]


def digest_files(files: Iterable[Path], root: Path) -> str:
    """One digest (hex) of the names, relative to `root`, and the contents of files."""
    whole = hashlib.sha256()
    for file in files:
        try:
            with file.open("rb") as opened:
                content = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError:
            content = ""
        whole.update(f"{file.relative_to(root).as_posix()}\0{content}\n".encode(errors="surrogateescape"))
    return whole.hexdigest()

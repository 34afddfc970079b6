"""`static/`: files under content-addressed URLs."""

import re
from pathlib import Path, PurePosixPath
from typing import Final

from edgekit.model.digest import digest
from edgekit.model.keys import MAX_KEY_BYTES
from edgekit.model.path import ASSETS_PATH
from edgekit.project.files import list_files, read_bytes
from edgekit.project.problems import Problems
from edgekit.project.site import Asset

FOLDER: Final = "static"
MAX_ASSET_BYTES: Final = 25 * 1024 * 1024
"""What a store takes as one body (Workers KV's limit of a value)."""


def read_assets(root: Path, problems: Problems) -> dict[str, Asset]:
    """Name in `static/` → asset, sorted by name; files with problems are left out, the problems noted."""
    assets = {}
    for name, file in list_files(root, FOLDER, problems):
        content = read_bytes(file, MAX_ASSET_BYTES, problems)
        if content is None:
            continue
        body = digest(content).hex()
        url = _asset_url(name, body)
        if len(url) > MAX_KEY_BYTES:
            problems.add(
                "EK104",
                f"the URL of `static/{name}` has more than {MAX_KEY_BYTES} bytes",
                help="give the file a shorter name",
                file=file,
            )
        else:
            assets[name] = Asset(name, file, url, body)
    return assets


def _asset_url(name: str, body: str) -> str:
    """`img/shop.css` → `/static/img/shop.3f2a1b9c.css`: the first 8 hex digits of the body's digest.

    The URL is ours to choose, so what a URL would have to escape becomes `-`.
    """
    path = PurePosixPath(re.sub(r"[^A-Za-z0-9._~/-]", "-", name))
    return f"{ASSETS_PATH}{path.with_name(f'{path.stem}.{body[:8]}{path.suffix}')}"

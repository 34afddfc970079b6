"""Small sites as a map of files, written to a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

CONFIG: Final = """\
[site]
base_url = "https://shop.example"
default_tier = "free"
"""

SHOP: Final[Mapping[str, str | bytes]] = {
    "edgekit.toml": CONFIG,
    "pages/index.html": "<h1>Shop</h1>",
    "segments/free.toml": 'hero = "spring.jpg"\nseats = 3\n',
    "segments/vip.toml": 'hero = "gold.jpg"\nseats = 12\n',
    "data/products.json": '[{"sku": "p-1", "name": "Tea"}, {"sku": "p-2", "name": "Cup"}]',
}
"""A site without faults, which tests add to and take from."""


def write_site(root: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """Write `SHOP` with `files` over it; None leaves a file out. Returns the site folder."""
    for name, content in {**SHOP, **files}.items():
        if content is not None:
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
    root.mkdir(exist_ok=True)
    return root

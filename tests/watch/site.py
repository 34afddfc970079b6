"""A site folder for tests that build nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

CONFIG: Final = '[site]\nbase_url = "https://shop.example"\ndefault_tier = "free"\n'
FILES: Final = {"edgekit.toml": CONFIG, "pages/index.html": "home", "data/teas.json": "[]"}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

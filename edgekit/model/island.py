"""Islands as they are written: names, paths, and the mark that says where one goes (contract, section 6)."""

import re
from typing import Final

from edgekit.model.path import OWN_PATH

NAME: Final = re.compile(r"(?!\.\.?\Z)[A-Za-z0-9._~-]+")
"""The name of an island, and the key of an item."""

MARK_START: Final = "<!--INJECT:"
MARK: Final = re.compile(rb"<!--INJECT:([A-Za-z0-9._~-]+)-->")
"""A mark in a body, with the island's name. No text of a page can hold one: that is refused when it is compiled."""


URL_PREFIX: Final = f"{OWN_PATH}island/"
"""Where the script of a page fetches an island from: behind it, the name."""


def format_mark(name: str) -> str:
    return f"{MARK_START}{name}-->"


def island_path(name: str, item: str = "") -> str:
    """The path under which an island, or an item of one, is stored; without a slash in front, so no URL names it."""
    return f"island/{name}/{item}" if item else f"island/{name}"

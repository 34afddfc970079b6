"""What docs/caches.md tells users to write and to type."""

import re
from typing import Final, Literal

from tests.document import blocks
from tests.source import ROOT

Recipe = Literal["public", "segments"]

_DOCUMENT: Final = (ROOT / "docs/caches.md").read_text("utf-8")
_SECTIONS: Final[dict[Recipe, str]] = {"public": "Public pages", "segments": "Pages of a tier"}


def read_recipe(recipe: Recipe, language: Literal["vcl", "nginx"]) -> str:
    """The only fenced block of this language in the recipe's section."""
    section = _DOCUMENT.split(f"\n## {_SECTIONS[recipe]}\n")[1].split("\n## ")[0]
    (block,) = blocks(section, language)
    return block


def read_command(program: Literal["varnishadm", "find"]) -> str:
    """The line that empties a cache."""
    (line,) = re.findall(rf"`({program} [^`]*)`", _DOCUMENT)
    return str(line)

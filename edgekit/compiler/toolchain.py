"""What compiles a site: its pages are other ones, or may be, when any of it is another version."""

import sys
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

_PACKAGES: Final = (
    "jinja2", "markupsafe", "msgspec", "selectolax", "tree-sitter", "tree-sitter-javascript",
)  # fmt: skip
_ROOMS: Final = ("compiler", "fragment", "model", "project")


@cache
def digest_toolchain() -> str:
    """A digest (hex) of Python's version, those of the packages that parse and render, and edgekit's own code."""
    whole = sha256(repr((sys.version, [(name, version(name)) for name in _PACKAGES])).encode())
    edgekit = Path(__file__).parents[1]
    for room in _ROOMS:
        for file in sorted((edgekit / room).rglob("*.py")):
            whole.update(f"\0{file.relative_to(edgekit).as_posix()}\0".encode())
            whole.update(file.read_bytes())
    return whole.hexdigest()

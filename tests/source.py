"""The package's source as syntax trees, and the tracked files, for the tests about the code itself."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PACKAGE: Final = ROOT / "edgekit"


@cache
def trees() -> dict[str, ast.Module]:
    """Each file of the package by its path below `edgekit/` (`kv/reader.py`), parsed."""
    files = sorted(PACKAGE.rglob("*.py"))
    return {file.relative_to(PACKAGE).as_posix(): ast.parse(file.read_text("utf-8"), str(file)) for file in files}


def imports(name: str) -> Iterator[str]:
    """The dotted modules that a file imports anywhere, also inside functions and under TYPE_CHECKING."""
    package = ["edgekit", *Path(name).parts[:-1]]
    for node in ast.walk(trees()[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = [node.module] if node.module else []
            source = ".".join([*package[: len(package) + 1 - node.level], *module] if node.level else module)
            yield from (f"{source}.{alias.name}" for alias in node.names)


@cache
def tracked() -> tuple[str, ...]:
    """The files that git knows, relative to the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(name for name in listed.split("\0") if name and (ROOT / name).is_file())

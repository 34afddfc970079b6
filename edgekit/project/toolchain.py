"""What builds a site: edgekit's own files, Python, and the packages beside them."""

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import edgekit

PACKAGE: Final = os.fspath(Path(edgekit.__file__).parent)
PACKAGE_FOLDERS: Final = ("site-packages", "dist-packages")
"""Where Python keeps installed packages: the last part of such a folder."""


@cache
def loaded_toolchain() -> str:
    """What `digest_toolchain` gives the first time: this process has loaded that, whatever becomes of its files."""
    return digest_toolchain()


def digest_toolchain() -> str:
    """A digest (hex) that another edgekit, Python, PYTHONPATH or version of a package changes.

    edgekit counts by its files' contents, so that a developer's edit counts; a package by its name and version.
    """
    whole = hashlib.sha256(f"{sys.version}\0{os.environ.get('PYTHONPATH')}\0".encode(errors="surrogateescape"))
    for file in _own_files():
        with open(file, "rb") as opened:
            content = hashlib.sha256(opened.read()).hexdigest()
        whole.update(f"{file.removeprefix(PACKAGE)}\0{content}\0".encode())
    for name in _installed():
        whole.update(f"{name}\0".encode(errors="surrogateescape"))
    return whole.hexdigest()


def _own_files() -> Iterator[str]:
    """All but documents: no build reads one."""
    for folder, folders, files in os.walk(PACKAGE):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (f"{folder}/{name}" for name in sorted(files) if not name.endswith(".md"))


def _installed() -> list[str]:
    """The `name-version.dist-info` of every package that Python finds."""
    found: set[str] = set()
    for folder in sys.path:
        if os.path.basename(folder) in PACKAGE_FOLDERS and os.path.isdir(folder):
            found.update(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info")))
    return sorted(found)

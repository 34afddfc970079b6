"""The folder in which the workers of one server find each other's files."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgekit.replay.listeners import create_mark


@contextmanager
def runtime_folder() -> Iterator[Path]:
    """A folder that only this user can look into; it goes with all that is in it. Made by the workers' parent."""
    folder = Path(tempfile.mkdtemp(prefix="edgekit-serve-"))
    try:
        create_mark(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "edge.lmdb"


@pytest.fixture
def fast_folder() -> Iterator[Path]:
    """In memory, for tests that kill processes: files outlive them as on a disk, and no disk is waited for."""
    memory = "/dev/shm"
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)

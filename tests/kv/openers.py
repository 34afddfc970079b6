"""A process that opens a store while another compacts it, started by `test_compact.py`.

`python -m tests.kv.openers write|read STORE FILE`: FILE names the inode that it must find. `read` may not write, and
follows the store until FILE is gone: then it must have a user `later`.
"""

import os
import sys
import time
from pathlib import Path

from edgekit.kv.releases import current_release
from edgekit.kv.store import open_store
from edgekit.kv.users import get_user, put_user
from tests.kv.packs import release_of


def meet(role: str, path: Path, inode: Path) -> None:
    if role == "read":
        access = os.access
        os.access = lambda file, mode: access(file, mode) and Path(file) != path  # type: ignore[assignment]
    with open_store(path) as store, store.snapshot() as snapshot:
        assert os.stat(path).st_ino == int(inode.read_text())
        assert current_release(snapshot) == release_of("last")
        assert store.read_only == (role == "read")
        if role == "write":
            put_user(store, "w", b"{}", 0, 0)
            assert get_user(store, "w") is not None
        else:
            while inode.exists():
                time.sleep(0.01)
            assert get_user(store, "later") is not None


if __name__ == "__main__":
    meet(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))

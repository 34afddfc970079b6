"""Faults that need a mount of their own; run by `test_disk.py` in a private mount namespace.

`python -m tests.kv.mounts full FOLDER`: a disk of 1 MiB fills up. `read-only FOLDER STORE`: a read-only mount.
Prints what happened, one word a line.
"""

import os
import subprocess
import sys
from pathlib import Path

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.store import open_store
from edgekit.kv.users import put_user
from edgekit.kv.verify import verify
from tests.kv.packs import bodies_of, build, pages_of, release_and_users, release_of


def fill(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return filler


def attempt(word: str, work: object) -> None:
    try:
        work()  # type: ignore[operator]
        print(word, "ok")
    except EdgekitError as error:
        print(word, error.diagnostics[0].code)


def full(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    path = folder / "edge.lmdb"
    with open_store(path, create=True) as store:
        put_user(store, "u0", b"{}", 0, 0)
        build(store, "old")
        filler = fill(folder)
        attempt("build", lambda: [build(store, f"v{number}") for number in range(20)])
        print("whole", pages_of(store) == bodies_of("old"), release_and_users(store) == (release_of("old"), [b"u0"]))
    attempt("reopen", lambda: open_store(path).close())
    path.with_name("edge.lmdb-lock").unlink()
    fill(folder / ".")
    attempt("open-without-lock-file", lambda: open_store(path).close())
    attempt("create", lambda: open_store(folder / "other.lmdb", create=True).close())
    filler.unlink()
    print("verified", verify(path) == ())
    with open_store(path) as store:
        build(store, "new")
        print("rebuilt", pages_of(store) == bodies_of("old", "new"))
    attempt("create-again", lambda: open_store(folder / "other.lmdb", create=True).close())


def read_only(folder: Path, path: Path) -> None:
    subprocess.run(["mount", "--bind", path.parent, folder], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
    mounted = folder / path.name
    with open_store(mounted) as store:
        print("read", pages_of(store) == bodies_of("old"))
        attempt("write", lambda: put_user(store, "u9", b"{}", 0, 0))
    print("verified", verify(mounted) == ())
    attempt("create", lambda: open_store(folder / "other.lmdb", create=True).close())
    # Another process goes on publishing through the writable mount.
    with open_store(mounted) as store:
        pid = os.fork()
        if pid == 0:
            os._exit(subprocess.run([sys.executable, "-m", "tests.kv.mounts", "publish", path]).returncode)
        os.waitpid(pid, 0)
        print("followed", release_and_users(store)[0] == release_of("new"))


def publish(path: Path) -> None:
    with open_store(path) as store:
        build(store, "new")


if __name__ == "__main__":
    {"full": full, "read-only": read_only, "publish": publish}[sys.argv[1]](*map(Path, sys.argv[2:]))

"""A real server over a real store, in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgekit.kv.store import LmdbStore, open_store
from edgekit.model.keys import NAMESPACES
from tests.ports import reserved_port
from tests.replay.published import publish

_PROGRAM = """
import os
import sys
from pathlib import Path
from edgekit.replay import limits
for name, value in zip(sys.argv[5::2], sys.argv[6::2]):
    getattr(limits, name)
    setattr(limits, name, int(value))
from edgekit.replay.options import Options
from edgekit.replay.secrets import read_secrets
from edgekit.replay.server import serve
lag = float(os.environ.get("LAG", "0"))
production = sys.argv[4] == "production"
options = Options(int(sys.argv[3]), production=production, secrets=read_secrets(os.environ), lag=lag)
serve(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), options, lambda: print("started", flush=True))
print("stopped", flush=True)
"""


def write_store(file: Path, described: dict[str, Any]) -> None:
    """Publish into an LMDB file in one transaction; users and bodies that are there stay."""
    with open_store(file, create=True) as store:
        write_release(store, described)


def write_release(store: LmdbStore, described: dict[str, Any]) -> None:
    new = publish(described)
    with store.write() as transaction:
        for namespace in NAMESPACES:
            for key, value in new[namespace].items():
                transaction.put(namespace, key, value)


@contextmanager
def running(
    file: Path,
    workers: int = 1,
    environment: Mapping[str, str] = {},
    *,
    production: bool = False,
    token: str = "",
    **limits: int,
) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """Port and process of a server, with `limits` of its own if told; it is asked to stop at the end, and must.

    `environment` is added to this process's: secrets, and as `LAG` the seconds of --lag. `token` is the admin's.
    """
    mode = "production" if production else "development"
    words = [str(word) for limit in limits.items() for word in limit]
    with (
        reserved_port() as port,
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(file), str(port), str(workers), mode, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "EDGEKIT_ADMIN_TOKEN": token, **environment},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield port, process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


def children_of(pid: int) -> list[int]:
    """The workers of a server."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident_bytes(pid: int) -> int:
    """What a process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

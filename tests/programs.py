"""Programs that serve, each in a folder of its own."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.replay.wire import is_listening

_NGINX: Final = """
daemon off;
pid nginx.pid;
{user}
error_log error.log;
events {{}}
http {{
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    include http.conf;
}}
"""


@contextmanager
def running(
    command: Sequence[str | Path], folder: Path, port: int, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """From when it listens on. Ended by its id; where nobody is left to do so, the kernel does."""
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command], cwd=folder, env=environment, stdout=log, stderr=log
        ) as process,
    ):
        try:
            while not is_listening(port):
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.02)
            yield
            assert process.poll() is None, (folder / "log").read_text()
        finally:
            process.terminate()


@contextmanager
def running_nginx(folder: Path, http: str, port: int) -> Iterator[None]:
    """`http` is what stands in its block of that name; it listens on `port`."""
    (folder / "tmp").mkdir()
    (folder / "http.conf").write_text(http)
    (folder / "nginx.conf").write_text(_NGINX.format(user="user root;" if os.geteuid() == 0 else ""))
    with running(["nginx", "-p", folder, "-c", "nginx.conf", "-e", "error.log"], folder, port):
        yield

"""Real varnishd and nginx, each in a folder and on ports of its own. They end with the test run, however that ends."""

import os
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.caches.recipes import read_command
from tests.cli.fleet import replaced
from tests.replay.wire import is_listening

_NGINX: Final = """
daemon off;
pid nginx.pid;
{user}
error_log error.log;
events {{}}
http {{
    access_log off;
    keepalive_requests 100000;
    gzip on; # as distributions have it
    gzip_proxied any;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    include sites.conf;
}}
"""


class Varnish:
    """A running varnishd. What it keeps is in a file, so that it can be searched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def empty(self) -> None:
        program, *words = shlex.split(read_command("varnishadm"))
        subprocess.run([program, "-n", self.folder, *words], check=True, stdout=subprocess.DEVNULL, timeout=30)

    def stored(self) -> bytes:
        return (self.folder / "storage").read_bytes()


class Nginx:
    """A running nginx."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def empty(self) -> None:
        command = replaced(read_command("find"), {"/var/cache/nginx/shop": str(self.folder / "cache/shop")})
        subprocess.run(command, shell=True, check=True, timeout=30)

    def stored(self) -> bytes:
        return b"\n".join(file.read_bytes() for file in (self.folder / "cache/shop").rglob("*") if file.is_file())


@contextmanager
def varnish(folder: Path, vcl: str, port: int) -> Iterator[Varnish]:
    folder.mkdir(mode=0o755)
    (folder / "start.vcl").write_text(vcl)
    words = ["varnishd", "-F", "-j", "none", "-n", folder, "-f", folder / "start.vcl", "-a", f"127.0.0.1:{port}"]
    words += ["-s", f"s0=file,{folder / 'storage'},32M", "-p", "vsl_space=1M", "-p", "backend_idle_timeout=20"]
    with running(words, folder, port):
        yield Varnish(folder)


@contextmanager
def nginx(folder: Path, sites: str, port: int) -> Iterator[Nginx]:
    """`sites` is what stands in `conf.d`; it listens on `port`."""
    (folder / "tmp").mkdir(parents=True)
    (folder / "cache").mkdir()
    (folder / "sites.conf").write_text(sites)
    (folder / "nginx.conf").write_text(_NGINX.format(user="user root;" if os.geteuid() == 0 else ""))
    with running(["nginx", "-p", folder, "-c", "nginx.conf", "-e", "error.log"], folder, port):
        yield Nginx(folder)


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

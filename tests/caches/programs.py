"""Real varnishd and nginx, each in a folder and on ports of its own. They end with the test run, however that ends."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.caches.recipes import read_command
from tests.document import replaced
from tests.programs import running, running_nginx

_HTTP: Final = """
    access_log off;
    keepalive_requests 100000;
    gzip on; # as distributions have it
    gzip_proxied any;
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
    (folder / "cache").mkdir(parents=True)
    with running_nginx(folder, _HTTP + sites, port):
        yield Nginx(folder)

"""Machines of docs/deploying.md, as folders: its configuration with other addresses, its scripts with other `ssh`.

`python -m tests.cli.fleet start|stop MACHINE` is what their `systemctl` does.
"""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import httpx

from tests.cli.command import CONFIG, command_line, environment, write_shop
from tests.document import blocks, replaced
from tests.ports import reserved_port
from tests.programs import running_nginx
from tests.source import ROOT

WEBHOOK_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MACHINES: Final = {"web1": "10.0.0.11", "web2": "10.0.0.12"}
DOCUMENT: Final = (ROOT / "docs/deploying.md").read_text("utf-8")
_HTTP: Final = """
    log_format machine '$remote_addr $upstream_addr';
    access_log access.log machine;
"""


class Fleet:
    """`share`, `deploy`, `roll_back` and `compact` are the document's scripts; `visitors` are one of each machine."""

    visitors: list[int]

    def __init__(self, folder: Path, port: int, ports: Iterable[int]) -> None:
        """`port` is nginx's, `ports` are the machines'."""
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{self.port}"
        self._clients: dict[int, httpx.Client] = {}
        self.share, self.deploy, self.roll_back, self.compact = blocks(DOCUMENT, "sh")
        (folder / "nginx").mkdir()
        for machine, own in zip(MACHINES, ports, strict=True):
            (folder / machine).mkdir()
            (folder / machine / "port").write_text(str(own))
        identity = replaced(blocks(DOCUMENT, "toml")[0], {"10.0.0.10/32": "127.0.0.0/8"})
        write_shop(folder / "site", {"edgekit.toml": CONFIG + identity, "pages/old.html": "<p>old</p>" * 20_000})
        edgekit = f'exec {sys.executable} -m edgekit "$@"'
        systemctl = f'exec {sys.executable} -m tests.cli.fleet "$1" "$PWD"'
        programs = {
            "edgekit": edgekit,
            "ssh": f'cd {folder}/"$1"; shift; exec "$@"',
            "sudo": 'if [ "$1" = -u ]; then shift 2; fi; exec "$@"',
            "systemctl": systemctl,
        }
        (folder / "bin").mkdir()
        for name, text in programs.items():
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / "bin" / name).chmod(0o755)

    def run(self, script: str, *arguments: str) -> None:
        """On the builder; a machine's folder is the current one of what is done there by `ssh`."""
        local = re.sub(r"/opt/edgekit/bin/|/var/lib/edgekit/|/etc/nginx/|/etc/", "", script)
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        subprocess.run(
            ["sh", "-c", local, "sh", *arguments],
            cwd=self.folder,
            env=environment(PATH=path, PYTHONPATH=str(ROOT)),
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=120,
        )

    def on(self, machine: str, *arguments: str) -> bytes:
        """An `edgekit` command there, with its `--json`."""
        command = command_line(*arguments, "--store", "edge.lmdb", "--json")
        folder = self.folder / machine
        return subprocess.run(
            command, cwd=folder, env=environment(), capture_output=True, check=True, timeout=60
        ).stdout

    def releases(self, machine: str) -> list[str]:
        return [entry["release"] for entry in json.loads(self.on(machine, "releases", "list"))["releases"]]

    def ask(self, path: str, visitor: int = 1, **headers: str) -> httpx.Response:
        """As a visitor from 127.0.0.{visitor}: nginx sends some to each machine."""
        client = self._clients.get(visitor)
        if client is None:
            transport = httpx.HTTPTransport(local_address=f"127.0.0.{visitor}", verify=False)
            client = self._clients[visitor] = httpx.Client(transport=transport, timeout=30)
        return client.get(self.url + path, headers={"host": "shop.example", **headers})

    def find_visitors(self) -> list[int]:
        """One of each machine; asked for while both answer, and nothing else was asked for by others than 1."""
        found: dict[str, int] = {}
        for visitor in range(2, 250):
            self.ask("/about", visitor)
            for line in (self.folder / "nginx/access.log").read_text().splitlines():
                address, machine = line.split()
                if address != "127.0.0.1":
                    found.setdefault(machine, int(address.rpartition(".")[2]))
            if len(found) == len(MACHINES):
                break
        return sorted(found.values())

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


@contextmanager
def fleet(folder: Path) -> Iterator[Fleet]:
    """All of it, running, with the shop's first release and users on both machines."""
    with ExitStack() as held:
        entrance, *ports = (held.enter_context(reserved_port()) for _ in ("nginx", *MACHINES))
        made = Fleet(folder, entrance, ports)
        made.run(made.share)
        made.run(made.deploy)
        try:
            for machine in MACHINES:
                made.on(machine, "users", "import", "../site/users.jsonl")
                (folder / machine / "edgekit.env").write_text(f"EDGEKIT_WEBHOOK_SECRET={WEBHOOK_SECRET}\n")
                start(folder / machine)
            with application() as port, nginx(made, port):
                made.visitors = made.find_visitors()
                yield made
        finally:
            made.close()
            for machine in MACHINES:
                stop(folder / machine)


def start(machine: Path) -> None:
    """The unit's command, until it answers."""
    unit = textwrap.dedent(blocks(DOCUMENT, "ini")[0])
    line = re.search(r"^ExecStart=/opt/edgekit/bin/edgekit (.*)$", unit, re.M)
    assert line
    port = (machine / "port").read_text()
    files = re.findall(r"^EnvironmentFile=-?/etc/(.+)$", unit, re.M)
    assert len(files) == 2
    secrets = dict(line.split("=", 1) for file in files for line in (machine / file).read_text().splitlines())
    arguments = replaced(line[1], {MACHINES["web1"]: f"127.0.0.1 --port {port}"}).split()
    with (machine / "log").open("ab") as log:
        process = subprocess.Popen(
            command_line(*arguments),
            cwd=machine,
            env=environment(EDGEKIT_STORE="edge.lmdb", PYTHONPATH=str(ROOT), **secrets),
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdout is not None
    assert process.stdout.readline() == f"http://127.0.0.1:{port}\n".encode()
    process.stdout.close()
    (machine / "pid").write_text(str(process.pid))
    process.returncode = 0  # it goes on without this process


def stop(machine: Path) -> None:
    """Until no process of it is left."""
    if not (machine / "pid").exists():
        return
    pid = int((machine / "pid").read_text())
    (machine / "pid").unlink()
    os.kill(pid, signal.SIGTERM)
    while _runs(pid):
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return False
    except ChildProcessError:
        pass
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class _Sessions(BaseHTTPRequestHandler):
    """The application: a cookie `session=ID` is that user's; `session=broken` is too much for it, `session=refused-403`
    is refused so, though u1's."""

    def do_GET(self) -> None:
        assert self.path == "/session"
        assert "x-user-id" not in self.headers
        cookie = self.headers.get("cookie", "")
        if cookie == "session=broken":
            self.close_connection = True
            return
        _, is_refused, status = cookie.partition("refused-")
        self.send_response(int(status) if is_refused else 200 if cookie else 401)
        if cookie:
            self.send_header("x-user-id", "u1" if is_refused else cookie.removeprefix("session="))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def application() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Sessions) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def nginx(made: Fleet, application: int) -> Iterator[None]:
    folder = made.folder / "nginx"
    ports = {f"{address}:1818": (made.folder / name / "port").read_text() for name, address in MACHINES.items()}
    changes = {address: f"127.0.0.1:{port}" for address, port in ports.items()} | {
        "listen 80;": f"listen 127.0.0.1:{made.port};",
        "127.0.0.1:8000": f"127.0.0.1:{application}",
        "/var/cache/nginx/shop": str(folder / "cache"),
        "/etc/nginx/": "",
    }
    server, webhooks = blocks(DOCUMENT, "nginx")
    text = replaced(server, {"    location = /session {": f"{webhooks}\n    location = /session {{"})
    with running_nginx(folder, _HTTP + replaced(text, changes), made.port):
        yield


if __name__ == "__main__":
    {"start": start, "stop": stop}[sys.argv[1]](Path(sys.argv[2]))

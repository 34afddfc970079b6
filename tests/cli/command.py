"""A small shop, and running `edgekit` on it: in this process, or in one of its own."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest import mock

from edgekit.cli.main import main

CONFIG: Final = """\
[site]
base_url = "https://shop.example"
default_tier = "free"

[pages."product/[sku].html"]
each = "data.products"
as = "product"

[slots.USER_NAME]
from = "user.name"
default = "there"
max_length = 40

[slots.POINTS]
from = "user.points"
type = "integer"
default = 0

[slots.HERO]
from = "segment.hero"
max_length = 80

[slots.QUERY]
from = "request.query.q"
default = ""
max_length = 20

[slots.CITY]
from = "request.header.x-city"
default = "nowhere"
max_length = 20

[slots.THEME]
from = "request.cookie.theme"
default = "light"
max_length = 20

[slots.HOST]
from = "request.host"
default = "no host"
max_length = 60

[slots.PATH]
from = "request.path"
default = "no path"
max_length = 99
"""

SHOP: Final[Mapping[str, str]] = {
    "edgekit.toml": CONFIG,
    "pages/index.html": "<h1>{{ segment.hero }}</h1>\n<p>Hello {{ user.name }}, {{ user.points }} points</p>\n",
    "pages/about.html": "<p>About us</p>\n",
    "pages/search.html": "<p>{{ request.query.q }} {{ request.header['x-city'] }} {{ request.cookie.theme }} "
    "{{ request.host }} {{ request.path }}</p>\n",
    "pages/product/[sku].html": "<p>{{ product.name }} in {{ tier }}</p>\n",
    "pages/404.html": "<p>No such page, {{ user.name }}</p>\n",
    "segments/free.toml": 'hero = "Spring"\nseats = 3\n',
    "segments/vip.toml": 'hero = "Gold"\nseats = 12\n',
    "data/products.json": '[{"sku": "p-1", "name": "Tea"}, {"sku": "p-2", "name": "Cup"}]',
    "static/shop.css": "p { color: teal }\n",
    "users.jsonl": '{"id": "u1", "tier": "vip", "name": "Ada", "points": 7, "region": "EU"}\n'
    '{"id": "u2", "tier": "free", "name": "O\'Brien <b>", "region": "US"}\n',
}


class Done(NamedTuple):
    """What a command did."""

    status: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.out)
        assert answer["version"] == 1
        return answer


def write_shop(folder: Path, files: Mapping[str, str | bytes | None] = {}) -> Path:
    """The shop with `files` over it (None leaves a file out) in the folder; returns it."""
    for name, content in {**SHOP, **files}.items():
        if content is not None:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def run(*arguments: str | Path, stdin: bytes = b"") -> Done:
    """A command in this process, in the current folder."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)
    given = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), mock.patch.object(sys, "stdin", given):
        status = main([str(argument) for argument in arguments])
    return Done(status, out.buffer.getvalue(), err.buffer.getvalue().decode())  # type: ignore[attr-defined]


def command_line(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "edgekit", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """This process's, without what would change edgekit's output."""
    kept = {name: value for name, value in os.environ.items() if not re.match("EDGEKIT_|NO_COLOR$|FORCE_COLOR$", name)}
    return {**kept, **changes}


def run_process(*arguments: str | Path, cwd: Path, stdin: bytes = b"", **changes: str) -> Done:
    """A command in a process of its own, with changes of its environment."""
    done = subprocess.run(
        command_line(*arguments), cwd=cwd, input=stdin, capture_output=True, timeout=60, env=environment(**changes)
    )
    return Done(done.returncode, done.stdout, done.stderr.decode())


def as_nobody(*arguments: str | Path, cwd: Path) -> Done:
    """A command run by a user to whom permissions apply: to root none do."""
    if os.geteuid() != 0:
        return run_process(*arguments, cwd=cwd)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 99
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.chdir(cwd)
            done = run(*arguments)
            os.write(writer, done.out + done.err.encode())
            status = done.status
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        shown = pipe.read()
    return Done(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown, "")

"""The metrics of all workers: each counts by itself, and writes its counts down where the others find them.

Not the multiprocess mode of prometheus-client, whose three updates a request took 7 to 10 µs; this takes about one, and
a scrape sees the other workers as they were at most a second ago.
"""

import asyncio
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from edgekit.replay.counts import Counts, add_up
from edgekit.replay.response import Response

_SECONDS: Final = 1
"""Between two writings of a worker that has something to tell."""
_PREFIX: Final = "metrics-"


class Metrics:
    """One worker's counts, since its start. A file stays when its worker dies: a counter never goes back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = f"{_PREFIX}{secrets.token_hex(8)}"
        self._counts = Counts(starts=1)
        self._is_due = False
        self._write()

    def count(self, response: Response) -> None:
        """In the worker's event loop."""
        self._counts.count(response)
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(_SECONDS, self._write)

    def collect(self) -> Counts:
        """Of all workers together."""
        self._write()
        files = [file.read_bytes() for file in self._folder.glob(f"{_PREFIX}*")]
        return add_up(msgspec.msgpack.decode(content, type=Counts) for content in files)

    def _write(self) -> None:
        self._is_due = False
        new = self._folder / f"new-{self._name}"
        with suppress(OSError):  # a full disk, or the folder is gone with the server: the next writing has it all
            new.write_bytes(msgspec.msgpack.encode(self._counts))
            new.replace(self._folder / self._name)

"""Who listens to the tail, and how events reach them from every worker of a server.

A listener is a named pipe in the server's runtime folder, `tail-{sample in millionths}-{random}`. Workers write whole
lines of at most PIPE_BUF bytes into it, so lines of several never mix (POSIX.1-2017, write). A worker that finds the
pipe full drops its event and counts it: nobody waits for a slow reader.

`mark` is a file of eight bytes that all workers map into memory. Who comes or goes writes others into it, so a request
that nobody listens to costs one comparison.
"""

import asyncio
import mmap
import os
import random
import secrets
import select
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from edgekit.replay.request import Request
from edgekit.replay.response import Response
from edgekit.replay.tail import Dropped, build_event, encode_event, encode_within, is_critical

MAX_LISTENERS: Final = 16
"""Of one server: each costs every request a few microseconds in every worker."""
_LINE_BYTES: Final = select.PIPE_BUF
_READ_BYTES: Final = 128 * 1024
"""More than a pipe holds: 64 KiB on Linux."""
_PREFIX: Final = "tail-"
MARK: Final = "mark"
_MARK_BYTES: Final = 8
_MILLION: Final = 1_000_000
_DROPPED_SECONDS: Final = 0.5
"""After which a listener is told how many events it missed, or that is tried again."""


class TooManyListenersError(Exception):
    pass


def create_mark(folder: Path) -> None:
    """Before any worker starts."""
    (folder / MARK).write_bytes(bytes(_MARK_BYTES))


def _map_mark(folder: Path) -> mmap.mmap:
    with open(folder / MARK, "r+b") as file:
        return mmap.mmap(file.fileno(), _MARK_BYTES)


class _Writer:
    """A worker's end of a listener's pipe."""

    def __init__(self, path: Path, sample: float) -> None:
        """Raises OSError if nobody has the other end."""
        self.fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        self.sample = sample
        self.dropped = 0
        self.is_closed = False

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            os.close(self.fd)


class Listeners:
    """All who listen to this server, as one of its workers knows them; used in the worker's event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark = _map_mark(folder)
        self._seen = b""
        self._writers: dict[str, _Writer] = {}

    def tell(self, request: Request, response: Response) -> None:
        """Write the event to those who listen; it is built if there is one who wants it."""
        if self._mark[:] != self._seen:
            self._look()
        if not self._writers:
            return
        is_wanted_by_all = is_critical(response)
        line = b""
        for writer in tuple(self._writers.values()):
            if is_wanted_by_all or random.random() < writer.sample:  # noqa: S311 - a sample is no secret
                line = line or encode_within(build_event(request, response), _LINE_BYTES - 1) + b"\n"
                self._write(writer, line)

    def _look(self) -> None:
        self._seen = self._mark[:]  # read before the folder is: who comes meanwhile changes it again
        names = {name for name in os.listdir(self._folder) if name.startswith(_PREFIX)}
        for name in self._writers.keys() - names:
            self._writers.pop(name).close()
        for name in names - self._writers.keys():
            path = self._folder / name
            sample = int(name.removeprefix(_PREFIX).partition("-")[0]) / _MILLION
            try:
                self._writers[name] = _Writer(path, sample)
            except OSError:  # its worker was killed before it could remove it
                path.unlink(missing_ok=True)

    def _write(self, writer: _Writer, line: bytes) -> None:
        try:
            os.write(writer.fd, line)
        except BlockingIOError:
            if writer.dropped == 0:
                self._tell_later(writer)
            writer.dropped += 1
        except OSError:  # nobody reads any more; the mark will tell, too
            writer.close()
            self._writers = {name: other for name, other in self._writers.items() if other is not writer}

    def _tell_later(self, writer: _Writer) -> None:
        asyncio.get_running_loop().call_later(_DROPPED_SECONDS, self._tell_dropped, writer)

    def _tell_dropped(self, writer: _Writer) -> None:
        if writer.is_closed:
            return
        try:
            os.write(writer.fd, encode_event(Dropped(writer.dropped)) + b"\n")
            writer.dropped = 0
        except BlockingIOError:
            self._tell_later(writer)
        except OSError:
            pass


class Listener:
    """One who listens, from its making to `close`. `sample` is the share of events that are no critical ones."""

    def __init__(self, folder: Path, sample: float) -> None:
        """Raises TooManyListenersError."""
        if sum(name.startswith(_PREFIX) for name in os.listdir(folder)) >= MAX_LISTENERS:
            raise TooManyListenersError
        name = f"{round(sample * _MILLION)}-{secrets.token_hex(8)}"
        self._path = folder / f"{_PREFIX}{name}"
        self._mark = _map_mark(folder)
        made = folder / f"new-{name}"
        os.mkfifo(made, 0o600)
        # For writing, too: a pipe that no worker has open yet, or any more, would read as ended.
        self.fd = os.open(made, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        made.rename(self._path)  # seen only now that it can be written to
        self._stamp()

    def read(self) -> bytes:
        """The lines that came since the last call."""
        try:
            return os.read(self.fd, _READ_BYTES)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self.fd)
        self._stamp()
        self._mark.close()

    def _stamp(self) -> None:
        self._mark[:] = os.urandom(_MARK_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        with suppress(OSError):  # the folder goes with the server
            self.close()

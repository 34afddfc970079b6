"""The server of a watched site: a process of its own, so that the one that builds may fork."""

import multiprocessing
import os
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, Self

from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.replay.limits import STOP_SECONDS
from edgekit.replay.secrets import Secrets
from edgekit.replay.server import run_server
from edgekit.watch.app import create_watched_app
from edgekit.watch.news import News, encode_news

_STOP_SECONDS: Final = STOP_SECONDS + 2


class WatchServer:
    """Runs from its making to `close`. It ends by itself when this process does, however that happens."""

    def __init__(self, host: str, port: int, secrets: Secrets, on_start: Callable[[], None]) -> None:
        """`on_start` is called in the server's process once it listens. Requests wait for the first `tell`."""
        reading, self._news = multiprocessing.Pipe(duplex=False)
        # Forked, before anything is open or running that does not survive it.
        self._process = multiprocessing.get_context("fork").Process(
            target=_run, args=(reading, self._news, host, port, secrets, on_start)
        )
        self._process.start()
        reading.close()

    def tell(self, news: News) -> None:
        """Raises EK453 if the server ended."""
        try:
            self._news.send_bytes(encode_news(news))
        except OSError:
            raise _died() from None

    def check(self) -> None:
        """Raises EK453 if the server ended."""
        if not self._process.is_alive():
            raise _died()

    def close(self) -> None:
        self._news.close()
        self._process.terminate()
        self._process.join(_STOP_SECONDS)
        self._process.kill()
        self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def _run(
    reading: Connection, writing: Connection, host: str, port: int, secrets: Secrets, on_start: Callable[[], None]
) -> None:
    writing.close()  # or the news would never end
    try:
        run_server(partial(create_watched_app, reading, secrets), host, port, on_start=on_start)
    except EdgekitError:
        os._exit(1)  # the parent says it


def _died() -> EdgekitError:
    return failure("EK453", "the server died", help="see what it wrote before; start it again")

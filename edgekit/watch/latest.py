"""The news of the building process, as they come in a process that serves."""

import asyncio
import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from typing import Final

from edgekit.watch.news import News, decode_news

_LAST_SECONDS: Final = 1
"""How long what is being answered may take when the builder has ended."""


class LatestNews:
    """The last news, read in a thread; `count` is how many there were, `is_closed` that no more will come."""

    def __init__(self, connection: Connection) -> None:
        """When the other end is closed, the server whose worker this is gets SIGTERM."""
        self.news = News(None)
        self.count = 0
        self.is_closed = False
        self._connection = connection
        self._server = os.getppid()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                self.news = decode_news(self._connection.recv_bytes())
                self.count += 1
                self._wake()
        except (EOFError, OSError):  # the builder ended, or was killed
            self.is_closed = True
            self._wake()
            os.kill(self._server if os.getppid() == self._server else os.getpid(), signal.SIGTERM)
            time.sleep(_LAST_SECONDS)
            os._exit(0)  # a half-sent request would hold it up, and there may be nobody left who ends it

    def _wake(self) -> None:
        with self._lock:
            for loop, event in self._waiting:
                loop.call_soon_threadsafe(event.set)

    async def wait(self, known: int, seconds: float | None = None) -> None:
        """Until there are more news than the `known` ones, or no more to come; at most so many seconds."""
        entry = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            self._waiting.add(entry)
        try:
            if self.count == known and not self.is_closed:
                await asyncio.wait_for(entry[1].wait(), seconds)
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._waiting.discard(entry)

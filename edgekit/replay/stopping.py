"""When a worker is asked to stop: answers that would last must end by themselves, for the server waits for them."""

import asyncio
import signal
from functools import cache
from types import FrameType


@cache
def stopping() -> asyncio.Event:
    """Set once this process gets SIGTERM or SIGINT. For code in the event loop of a worker's main thread.

    The server has its own handlers in that loop, which are called as before: asyncio hears of signals by a file
    descriptor, and leaves the place of Python's handlers empty.
    """
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(event.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    return event

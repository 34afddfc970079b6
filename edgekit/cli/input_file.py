"""What a command reads: a file, or standard input."""

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO

from edgekit.diagnostics.diagnostic import failure


def open_input(file: str, help: str) -> AbstractContextManager[BinaryIO]:
    """`-` is standard input, which stays open. Raises EK102 with `help` if it cannot be read."""
    if file == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return open(file, "rb")
    except OSError as error:
        raise failure("EK102", f"`{file}` cannot be read: {error.strerror}", help=help) from None

"""The file that `releases export` writes: whole or not there, and over nothing but an earlier one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.kv.transfer import MAGIC


@contextmanager
def writing_release(file: Path) -> Iterator[BinaryIO]:
    """A stream whose content is in `file` once the `with` ends, and nowhere if it ends by an exception.

    What is there and no regular file (a pipe, a device) is written to as it is. Raises EK449 for a file of anything
    else than a release, EK428 if it cannot be written.
    """
    try:
        if file.exists() and not file.is_file():
            with file.open("wb") as stream:
                yield stream
            return
        _check_place(file)
        aside = file.with_name(f"{file.name}.{os.getpid()}.part")
        try:
            with aside.open("xb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            aside.replace(file)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise failure(
            "EK428", f"`{file}` cannot be written: {error.strerror}", help="name another file, or free some space"
        ) from None


def _check_place(file: Path) -> None:
    if file.exists():
        with file.open("rb") as stream:
            if stream.read(len(MAGIC)) != MAGIC:
                raise _other(file)


def _other(file: Path) -> EdgekitError:
    return failure("EK449", f"`{file}` is there, and no release", help="name another file, or move this one away")

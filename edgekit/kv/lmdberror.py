"""What LMDB says, told to users."""

import errno
import os
from pathlib import Path
from typing import Final

import lmdb

from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.kv.datafile import damaged

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def disk_full(path: Path) -> EdgekitError:
    """EK430, for `raise`."""
    return failure(
        "EK430",
        f"the disk of `{path}` is full",
        help="free some space and try again: the store is as it was before",
    )


def read_error(path: Path, error: lmdb.Error) -> EdgekitError:
    """What LMDB says while reading, for `raise`."""
    if isinstance(error, lmdb.ReadersFullError):
        return failure("EK428", f"`{path}` has as many readers as it has places for", help="use fewer workers")
    return damaged(path, str(error))


def write_error(path: Path, error: lmdb.Error) -> EdgekitError:
    """What LMDB says while opening or writing, for `raise`."""
    if isinstance(error, lmdb.MapFullError):
        return failure(
            "EK430",
            f"the store `{path}` has reached the largest size it may have",
            help="move it away and build again; the store is as it was before",
        )
    # py-lmdb has no attribute for the number; LMDB's text for it is strerror's.
    if any(os.strerror(number) in str(error) for number in FULL):
        return disk_full(path)
    if os.strerror(errno.EIO) in str(error):  # also what LMDB makes of a write that ends in the middle: mdb_page_flush
        return failure(
            "EK430",
            f"the disk of `{path}` is full, or it fails",
            help="free some space and try again, or see what the system's log says of the disk: the store is as it was "
            "before",
        )
    if any(os.strerror(number) in str(error) for number in (errno.EACCES, errno.EPERM, errno.EROFS)):
        return failure("EK428", f"the store `{path}` cannot be opened: {error}", help="see to its permissions")
    if os.strerror(errno.ENOMEM) in str(error):
        return failure(
            "EK428",
            f"the store `{path}` cannot be mapped: the address space is too small",
            help="raise the limit of virtual memory (`ulimit -v`)",
        )
    return read_error(path, error)

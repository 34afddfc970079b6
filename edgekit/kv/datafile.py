"""What can be known of a store's file before LMDB maps it: LMDB trusts its file, and a wrong page number is a SIGBUS.

Layout from mdb.c (LMDB 0.9, 64 bit): pages 0 and 1 are MDB_meta records behind a 16-byte page header; a
transaction N writes its roots to page N & 1, and the larger N counts.
"""

import os
import stat
import struct
from pathlib import Path
from typing import Final, NamedTuple

from edgekit.diagnostics.diagnostic import EdgekitError, failure

HEADER: Final = struct.Struct("=QHHHH")
"""MDB_page: number, pad, flags, lower, upper (for an overflow page the last two are its count of pages)."""
TREE: Final = struct.Struct("=IHHQQQQQ")
"""MDB_db: pad, flags, depth, branch, leaf and overflow pages, entries, root."""
META: Final = struct.Struct("=IIQQ48s48sQQ")
"""MDB_meta: magic, version, address, map size, tree of free pages, main tree, last page, transaction."""

MIN_PAGE: Final = 256
MAX_PAGE: Final = 0x8000
"""MAX_PAGESIZE; py-lmdb refuses what is smaller than `MIN_PAGE`."""

MAGIC: Final = 0xBEEFC0DE
DATA_VERSION: Final = 1
P_META: Final = 0x08

# fmt: off
NETWORK: Final = frozenset((
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse.ceph", "fuse.davfs", "fuse.gcsfuse", "fuse.glusterfs",
    "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
))
# fmt: on
"""File systems whose locks or maps other machines do not see: LMDB's own rule (lmdb.h, Caveats)."""


class Tree(NamedTuple):
    """One B-tree's record."""

    pad: int
    flags: int
    depth: int
    branch_pages: int
    leaf_pages: int
    overflow_pages: int
    entries: int
    root: int


class Meta(NamedTuple):
    """The state of a file after one transaction."""

    page_size: int
    free: Tree
    main: Tree
    last_page: int
    transaction: int


def open_file(path: Path) -> int:
    """A descriptor for reading.

    Raises EK423 (missing), EK424 (a folder, a device), EK428 (no permission), EK429 (network file system).
    """
    try:
        # A pipe's open would wait for its writer.
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        help = "`edgekit build` makes it, and where no site is `edgekit releases import`"
        raise failure("EK423", f"there is no store at `{path}`", help=help) from None
    except OSError as error:
        raise failure(
            "EK428", f"the store `{path}` cannot be read: {error.strerror}", help="see to its permissions"
        ) from None
    try:
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode):
            kind = "a folder" if stat.S_ISDIR(facts.st_mode) else "no regular file"
            raise failure("EK424", f"`{path}` is {kind}, not a store", help="name the LMDB file itself")
        check_file_system(path, facts.st_dev)
    except BaseException:
        os.close(file)
        raise
    return file


def check_file_system(path: Path, device: int) -> None:
    """Raises EK429 where the mount that holds the device is a network file system (known on Linux only)."""
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in mounts:
        # `36 35 98:0 / /mnt rw,noatime shared:1 - ext4 /dev/root rw`: proc_pid_mountinfo(5)
        before, _, after = line.partition(" - ")
        kind = after.split(" ", 1)[0]
        if kind in NETWORK and before.split(" ")[2] == number:
            raise failure(
                "EK429",
                f"the store `{path}` is on a network file system (`{kind}`), where LMDB's locks do not hold",
                help="keep it on a local disk; `--store` and `EDGEKIT_STORE` name another place",
            )


def read_metas(file: int, path: Path) -> tuple[Meta, Meta]:
    """Both states, the current one first. A writer may commit meanwhile: then it looks again.

    Raises EK424 (not LMDB), EK425 (damaged, truncated), EK427 (another data version).
    """
    while True:
        before = _read_raw(file)
        try:
            return _check_metas(file, path)
        except EdgekitError:
            if before == _read_raw(file):
                raise


def _read_raw(file: int) -> bytes:
    """What holds both meta pages, whatever the page size."""
    return os.pread(file, MAX_PAGE + HEADER.size + META.size, 0)


def _check_metas(file: int, path: Path) -> tuple[Meta, Meta]:
    if os.fstat(file).st_size == 0:
        raise failure("EK424", f"`{path}` is empty, not a store", help="delete it, or name another file, then build")
    first = _read_meta(file, path, 0, 0)
    page_size = first.page_size
    if not MIN_PAGE <= page_size <= MAX_PAGE or page_size & (page_size - 1):
        raise damaged(path, f"page size {page_size}")
    second = _read_meta(file, path, 1, page_size)
    metas = (first, second)
    wrong_page = any(meta.transaction % 2 != page for page, meta in enumerate(metas) if meta.transaction)
    if second.page_size != page_size or wrong_page:
        raise damaged(path, "its two meta pages contradict each other")
    older, newer = sorted(metas, key=lambda meta: meta.transaction)
    # Equal only in a file that LMDB has just made.
    if newer.transaction - older.transaction != (1 if newer.transaction else 0):
        raise damaged(path, "its two meta pages are not of neighbouring transactions")
    used, size = (newer.last_page + 1) * page_size, os.fstat(file).st_size
    if used > size:
        raise damaged(path, f"truncated: {used:,} bytes are used, the file has {size:,}")
    return newer, older


def _read_meta(file: int, path: Path, number: int, offset: int) -> Meta:
    page = os.pread(file, HEADER.size + META.size, offset)
    if len(page) < HEADER.size + META.size:
        if number == 0:
            raise _not_lmdb(path)
        raise damaged(path, "truncated inside its meta pages")
    stored, _, flags, _, _ = HEADER.unpack_from(page)
    magic, version, _, _, free, main, last_page, transaction = META.unpack_from(page, HEADER.size)
    if magic != MAGIC:
        # LMDB 1.0 has a longer page header: its magic stands 8 bytes later.
        if number == 0 and page[HEADER.size + 8 :][:4] == MAGIC.to_bytes(4, "little"):
            raise _newer(path, "LMDB 1.0's data format")
        raise _not_lmdb(path) if number == 0 else damaged(path, "its second meta page is no meta page")
    if version != DATA_VERSION:
        raise _newer(path, f"LMDB data version {version}")
    if stored != number or flags != P_META:
        raise damaged(path, f"meta page {number} has a wrong header")
    trees = Tree(*TREE.unpack(free)), Tree(*TREE.unpack(main))
    return Meta(trees[0].pad, *trees, last_page, transaction)


def damaged(path: Path, what: str) -> EdgekitError:
    """EK425, for `raise`."""
    return failure(
        "EK425",
        f"the store `{path}` is damaged: {what}",
        help="restore it from a copy, or move it away and build again (users must be imported again)",
    )


def _not_lmdb(path: Path) -> EdgekitError:
    return failure(
        "EK424", f"`{path}` is not an LMDB file", help="name another file for the store; this one is left as it is"
    )


def _newer(path: Path, what: str) -> EdgekitError:
    return failure(
        "EK427",
        f"the store `{path}` has {what}, which this edgekit does not read",
        help="use the edgekit that wrote it",
    )

"""A walk over the page trees of a store's file, so that LMDB follows no wrong offset or page number into a crash.

LMDB checks little of what it reads: of 800 files with flipped bits in tree pages two ended the process with a signal,
and a wrong page number in the list of free pages lets the next write destroy a page in use. This walk looks at every
tree page, node and overflow header, and at no body. Layout from mdb.c (LMDB 0.9, 64 bit): MDB_page, MDB_node, MDB_db,
and the lists of free pages (MDB_IDL: a count, then page numbers in descending order).
"""

import os
import struct
from typing import Final

from edgekit.kv.datafile import HEADER, TREE, Meta, Tree
from edgekit.model.keys import MAX_KEY_BYTES

P_BRANCH: Final = 0x01
P_LEAF: Final = 0x02
P_OVERFLOW: Final = 0x04
F_BIGDATA: Final = 0x01
F_SUBDATA: Final = 0x02
NO_ROOT: Final = 2**64 - 1
FIRST_PAGE: Final = 2
MAX_DEPTH: Final = 32
"""CURSOR_STACK: LMDB follows no deeper tree."""

_NODE: Final = struct.Struct("=HHHH")
"""MDB_node: size (or child page) low and high, flags (or child page, bits 32 to 47), key size; then the key."""
_OVERFLOW: Final = struct.Struct("=QHHI")
_PAGE: Final = struct.Struct("=Q")


class DamageError(Exception):
    """The first thing found that LMDB would not have written."""


def check_pages(file: int, meta: Meta) -> None:
    """Walk every tree of one state of the file.

    Raises DamageError. The caller sees to it that no writer reuses the state's pages meanwhile.
    """
    walk = _Walk(file, meta)
    walk.tree("free pages", meta.free)
    walk.tree("main", meta.main)
    for name, tree in walk.named:
        if tree.flags:
            raise DamageError(f"database `{name}` has flags {tree.flags:#x}")
        walk.tree(name, tree)
    walk.free_pages()


class _Walk:
    """The pages seen so far; no page belongs to two places."""

    def __init__(self, file: int, meta: Meta) -> None:
        self.file = file
        self.size = meta.page_size
        self.end = meta.last_page + 1
        self.seen = bytearray(self.end)
        self.named: list[tuple[str, Tree]] = []
        self.free: list[bytes] = []

    def check_range(self, page: int, count: int) -> None:
        if page < FIRST_PAGE or page + count > self.end:
            raise DamageError(f"page {page} is outside the file")

    def claim(self, page: int, count: int) -> None:
        self.check_range(page, count)
        if self.seen.find(1, page, page + count) >= 0:
            raise DamageError(f"page {page} is used twice")
        self.seen[page : page + count] = b"\1" * count

    def tree(self, name: str, tree: Tree) -> None:
        if tree.root == NO_ROOT:
            if tree.entries or tree.depth:
                raise DamageError(f"database `{name}` has entries but no root")
            return
        if not 1 <= tree.depth <= MAX_DEPTH:
            raise DamageError(f"database `{name}` is {tree.depth} levels deep")
        pages = [tree.root]
        for _ in range(tree.depth - 1):
            pages = [child for page in pages for child in self.branch(page)]
        entries = sum(self.leaf(name, page) for page in pages)
        if entries != tree.entries:
            raise DamageError(f"database `{name}` has {entries} entries and says {tree.entries}")

    def page(self, number: int, kind: int) -> tuple[bytes, tuple[int, ...], int]:
        """The page, the offsets of its nodes, and where they begin."""
        self.claim(number, 1)
        page = os.pread(self.file, self.size, number * self.size)
        if len(page) != self.size:
            raise DamageError(f"page {number} cannot be read")
        stored, _, flags, lower, upper = HEADER.unpack_from(page)
        if stored != number or flags != kind or lower & 1 or not HEADER.size <= lower <= upper <= self.size:
            raise DamageError(f"page {number} has a wrong header")
        return page, struct.unpack_from(f"={(lower - HEADER.size) >> 1}H", page, HEADER.size), upper

    def branch(self, number: int) -> list[int]:
        page, offsets, upper = self.page(number, P_BRANCH)
        if not offsets:
            raise DamageError(f"branch page {number} has no children")
        children: list[int] = []
        used = 0
        last = self.size - _NODE.size
        for offset in offsets:
            if offset & 1 or not upper <= offset <= last:
                raise DamageError(f"page {number} has a node outside of it")
            low, high, highest, key = _NODE.unpack_from(page, offset)
            if key > MAX_KEY_BYTES or (key == 0 and children):
                raise DamageError(f"page {number} has a key of {key} bytes")
            used += (_NODE.size + key + 1) & ~1
            children.append(low | high << 16 | highest << 32)
        if used != self.size - upper:
            raise DamageError(f"the nodes of page {number} do not fill it")
        return children

    def leaf(self, name: str, number: int) -> int:
        page, offsets, upper = self.page(number, P_LEAF)
        if not offsets:
            raise DamageError(f"leaf page {number} is empty")
        unpack, last, used = _NODE.unpack_from, self.size - _NODE.size, 0
        special = name in ("main", "free pages")
        for offset in offsets:
            if offset & 1 or not upper <= offset <= last:
                raise DamageError(f"page {number} has a node outside of it")
            low, high, flags, key = unpack(page, offset)
            if not 1 <= key <= MAX_KEY_BYTES:
                raise DamageError(f"page {number} has a key of {key} bytes")
            if flags or special:
                used += self.special(name, number, page, offset)
                continue
            length = 8 + key + (low | high << 16)
            if offset + length > self.size:
                raise DamageError(f"page {number} has a value that runs over its end")
            used += (length + 1) & ~1
        if used != self.size - upper:
            raise DamageError(f"the nodes of page {number} do not fill it")
        return len(offsets)

    def special(self, name: str, number: int, page: bytes, offset: int) -> int:
        """The bytes used by a node that leads to other pages: a large value, a named database, a list of free pages."""
        low, high, flags, key = _NODE.unpack_from(page, offset)
        size = low | high << 16
        start = offset + _NODE.size + key
        if flags not in ((F_SUBDATA,) if name == "main" else (0, F_BIGDATA)):
            raise DamageError(f"page {number} has a node with flags {flags:#x}")
        inside = _PAGE.size if flags == F_BIGDATA else size
        if start + inside > self.size:
            raise DamageError(f"page {number} has a value that runs over its end")
        value = page[start : start + inside]
        if flags == F_BIGDATA:
            value = self.overflow(_PAGE.unpack(value)[0], size, name == "free pages")
        if name == "main":
            if size != TREE.size:
                raise DamageError(f"page {number} has a database record of {size} bytes")
            database = page[offset + _NODE.size : start].decode(errors="replace")
            self.named.append((database, Tree(*TREE.unpack(value))))
        elif name == "free pages":
            self.free.append(value)
        return int(_NODE.size + key + inside + 1) & ~1

    def overflow(self, first: int, size: int, wanted: bool) -> bytes:
        self.check_range(first, 1)
        start = first * self.size
        header = os.pread(self.file, HEADER.size, start)
        if len(header) != HEADER.size or _OVERFLOW.unpack(header)[::2] != (first, P_OVERFLOW):
            raise DamageError(f"overflow page {first} has a wrong header")
        count: int = _OVERFLOW.unpack(header)[3]
        # More than the value needs: it was longer earlier in the transaction that wrote it.
        if count < (HEADER.size - 1 + size) // self.size + 1:
            raise DamageError(f"overflow page {first} has a wrong count of pages")
        self.claim(first, count)
        return os.pread(self.file, size, start + HEADER.size) if wanted else b""

    def free_pages(self) -> None:
        """No page is free twice, or free and in use: the next write would take it."""
        for record in self.free:
            if len(record) < _PAGE.size or len(record) % _PAGE.size:
                raise DamageError("a list of free pages has a wrong size")
            count, *pages = struct.unpack(f"={len(record) // _PAGE.size}Q", record)
            if count != len(pages) or pages != sorted(pages, reverse=True):
                raise DamageError("a list of free pages is not in order")
            for page in pages:
                self.claim(page, 1)

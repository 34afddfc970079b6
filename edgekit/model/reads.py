"""What a build leaves behind for the next one: what each page read, and what became of it beside its bodies.

A read is a name with a digest; the compiler gives both their meaning. Pages that read the same read name the same
number, and pages of which the same became share one outcome.
"""

from typing import Final

import msgspec

from edgekit.model.digest import DIGEST_BYTES, digest

VERSION: Final = b"\1"
"""Of the record's form: one of another form tells nothing."""

Read = tuple[str, str]
"""Its name, and the digest (hex) of what was there; empty for nothing."""


class PageRecord(msgspec.Struct, frozen=True, array_like=True):
    """One page, island or item.

    `own` is the digest (hex) of what it is before anything is read; `reads` (sorted) and `outcome` count in those of
    `Reads`; `sizes` are the bytes of its fragments.
    """

    own: str
    reads: tuple[int, ...]
    outcome: int
    sizes: tuple[int, ...]


class Reads(msgspec.Struct, frozen=True):
    """What a build read and made.

    `inputs` is the digest of all files but templates and assets that any page may read (`Site.inputs`). `reads` and
    `outcomes` are sorted; what an outcome is, is the compiler's own. `pages` are given by their paths.
    """

    inputs: str
    reads: tuple[Read, ...]
    outcomes: tuple[bytes, ...]
    pages: dict[str, PageRecord]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Reads).decode


def encode_reads(reads: Reads) -> bytes:
    """A digest of what follows; a byte, the version; MessagePack: a map of `inputs`, `reads` (lists of
    `[name, digest]`), `outcomes`, `pages` (path to `[own, reads, outcome, sizes]`)."""
    content = VERSION + _encode(reads)
    return digest(content) + content


def decode_reads(raw: bytes) -> Reads | None:
    """None for a record of another version. Raises msgspec.MsgspecError for what is none, or was damaged."""
    content = raw[DIGEST_BYTES:]
    if digest(content) != raw[:DIGEST_BYTES]:
        raise msgspec.DecodeError("the record is not what its digest says")
    return _decode(content[1:]) if content[:1] == VERSION else None

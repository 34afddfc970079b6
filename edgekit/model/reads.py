"""What the pages of a build read: with it the next command knows which pages a changed file can have changed."""

from collections import defaultdict
from collections.abc import Mapping

import msgspec


class PageReads(msgspec.Struct, frozen=True, array_like=True):
    """What one page asked for, or a page with all that stands in it.

    `templates` are names with the digest (hex) of their text, empty where there is none; `assets` are names. A page is
    not `settled` if the clock may decide which templates it asks for.
    """

    templates: tuple[tuple[str, str], ...] = ()
    assets: tuple[str, ...] = ()
    settled: bool = True


class Readers(msgspec.Struct, frozen=True, array_like=True):
    """The paths of pages that read the same; `templates` counts in `Reads.templates`."""

    templates: tuple[int, ...]
    assets: tuple[str, ...]
    settled: bool
    paths: tuple[str, ...]


class Reads(msgspec.Struct, frozen=True):
    """What a build read.

    `inputs` is the digest of all that any page may read (`Site.inputs`), `templates` are names and digests as those of
    `PageReads`; islands and items are pages, too.
    """

    inputs: str
    templates: tuple[tuple[str, str], ...]
    readers: tuple[Readers, ...]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Reads).decode


def build_reads(inputs: str, pages: Mapping[str, PageReads]) -> Reads:
    """What pages read, by their paths. A template that changed meanwhile stands there with each of its digests."""
    templates = sorted({template for reads in pages.values() for template in reads.templates})
    place = {template: number for number, template in enumerate(templates)}
    readers = defaultdict(list)
    for path, reads in pages.items():
        readers[reads].append(path)
    return Reads(
        inputs,
        tuple(templates),
        tuple(
            sorted(
                (
                    Readers(tuple(map(place.__getitem__, reads.templates)), reads.assets, reads.settled, tuple(paths))
                    for reads, paths in readers.items()
                ),
                key=lambda group: group.paths,
            )
        ),
    )


def encode_reads(reads: Reads) -> bytes:
    """JSON: `inputs`, `templates` (lists of `[name, digest]`), `readers` (of `[templates, assets, settled, paths]`)."""
    return _encode(reads)


def decode_reads(raw: bytes) -> Reads:
    """Raises msgspec.MsgspecError if `raw` is not what `encode_reads` writes."""
    return _decode(raw)

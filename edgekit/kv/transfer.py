"""A release as one file, for other machines: without users, live edits and what only its builder needs.

The form is docs/store-format.md's: a line with the release's digest, then its manifest, its index without traces, and
in the order of the index each body once, all with their lengths. The index says which bodies come and what they are, so
a file that is cut off, longer or damaged anywhere is refused before anything of it is published. That it is whole does
not say who wrote it.
"""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import msgspec

from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.fragment.alternatives import read_choices
from edgekit.kv.cuts import find_cuts
from edgekit.kv.limits import MAX_BODY, encode_key
from edgekit.kv.publish import publish
from edgekit.kv.releases import Published, current_release, damaged_release, find_release, publications, read_pack
from edgekit.kv.staging import Stager
from edgekit.kv.store import LmdbStore
from edgekit.kv.transaction import LmdbSnapshot
from edgekit.model.digest import DIGEST_BYTES, digest
from edgekit.model.fragment import Fragment
from edgekit.model.keys import INDEX_NAMESPACES, PAGE_TPL, VALUES
from edgekit.model.manifest import (
    IndexEntry,
    Manifest,
    Pack,
    build_pack,
    decode_index,
    decode_manifest,
    encode_index,
    encode_manifest,
)
from edgekit.model.soundness import manifest_fault

MAGIC: Final = b"edgekit release "
VERSION: Final = 1
MAX_HEAD: Final = 32 * 1024 * 1024
"""Bytes of a manifest and of an index, which are held in memory: some 300,000 fragments."""

_LENGTH_BYTES: Final = 4
_DIGEST: Final = re.compile(f"[0-9a-f]{{{2 * DIGEST_BYTES}}}")
_HEAD: Final = re.compile(rb"%s(\d{1,9}) (%s)\n" % (MAGIC, _DIGEST.pattern.encode()))
_HEAD_BYTES: Final = len(b"%s%d %s\n" % (MAGIC, VERSION, b"0" * 2 * DIGEST_BYTES))

Progress = Callable[[int, int], None]


class Exported(msgspec.Struct, frozen=True):
    """The release, the number of its bodies, and the bytes that were written."""

    release: str
    bodies: int
    bytes: int


def export_release(
    store: LmdbStore,
    release: str | None,
    write: Callable[[bytes], object],
    progress: Progress = lambda done, total: None,
) -> Exported:
    """Write a release, by default the current one, piece by piece; `release` is its digest or the beginning of it.

    `write` takes the whole of a piece; `progress` gets how many bodies of how many are written. It reads one moment of
    the store, however long that takes.
    Raises EK434 (no such release), EK433 (a part of it is missing or damaged), EK448 (too large for such a file).
    """
    written = 0

    def put(piece: bytes) -> None:
        nonlocal written
        write(piece)
        written += len(piece)

    def put_sized(content: bytes) -> None:
        put(len(content).to_bytes(_LENGTH_BYTES, "big"))
        put(content)

    with store.snapshot() as snapshot:
        pack = read_pack(snapshot, _choose(snapshot, release))
        index = tuple(IndexEntry(entry.namespace, entry.key, entry.digest) for entry in pack.index)
        heads = encode_manifest(pack.manifest), encode_index(index)
        if max(map(len, heads)) > MAX_HEAD:
            raise failure(
                "EK448",
                f"release `{pack.release}` has too many pages for one file",
                help="copy the store instead, while nothing writes to it",
            )
        put(b"%s%d %s\n" % (MAGIC, VERSION, pack.release.encode()))
        for head in heads:
            put_sized(head)
        entries = list(_bodies(index))
        for number, entry in enumerate(entries, 1):
            name = bytes.fromhex(entry.digest)
            body = snapshot.get(VALUES, name)
            if body is None or digest(body) != name:
                raise damaged_release(pack.release)
            put_sized(body)
            progress(number, len(entries))
    return Exported(pack.release, len(entries), written)


def import_release(
    store: LmdbStore,
    stream: BinaryIO,
    *,
    file: str,
    now: float,
    check: Callable[[Pack], None] = lambda pack: None,
    progress: Progress = lambda done, total: None,
) -> Published:
    """Make the release in `stream` (`file` is its name in messages) the current one, as a build would.

    The caller holds the store's build lock. `check` sees the release before its bodies are read, and may raise.
    Raises EK448 for a file that is not one whole release, and what publishing raises; then nothing is published, and
    bodies that were read lie in the store until it is pruned.
    """
    pack = _read_pack(stream, file)
    check(pack)
    entries = list(_bodies(pack.index))
    with Stager(store) as stager:
        for number, entry in enumerate(entries, 1):
            stager.add(_read_fragment(stream, file, pack.manifest, entry))
            progress(number, len(entries))
        if stream.read(1):
            raise _broken(file, "something stands behind its end")
    return publish(store, _with_traces(store, pack), now)


def _choose(snapshot: LmdbSnapshot, release: str | None) -> str:
    if release is not None:
        return find_release(list(publications(snapshot)), release)
    current = current_release(snapshot)
    if current is None:
        raise failure(
            "EK434", "there is no release in the store", help="`edgekit build` publishes the first one", status=1
        )
    return current


def _bodies(index: tuple[IndexEntry, ...]) -> Iterator[IndexEntry]:
    """The entries whose bodies stand in a file, in its order: the same bytes are another body in another namespace."""
    seen = set()
    for entry in index:
        if (entry.namespace, entry.digest) not in seen:
            seen.add((entry.namespace, entry.digest))
            yield entry


def _read_pack(stream: BinaryIO, file: str) -> Pack:
    begin = stream.read(_HEAD_BYTES)
    head = _HEAD.match(begin)
    if head is None or len(begin) < _HEAD_BYTES:
        raise _broken(file, "it does not begin as one")
    if int(head[1]) != VERSION:
        raise _broken(file, f"it has format {int(head[1])}, and this edgekit reads {VERSION}")
    heads = _read_sized(stream, file, MAX_HEAD), _read_sized(stream, file, MAX_HEAD)
    try:
        manifest, index = decode_manifest(heads[0]), decode_index(heads[1])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _broken(file, "its manifest or index cannot be read") from None
    _check_manifest(manifest, file)
    _check_index(index, file)
    pack = build_pack(manifest, list(index))
    if pack.release != head[2].decode() or heads != (encode_manifest(manifest), encode_index(pack.index)):
        raise _broken(file, "its manifest and index are not what its digest says")
    return pack


def _check_manifest(manifest: Manifest, file: str) -> None:
    """What its digest does not promise: whoever writes a file can write its digest, too."""
    fault = manifest_fault(manifest)
    if fault:
        raise _broken(file, f"its manifest {fault}")


def _check_index(index: tuple[IndexEntry, ...], file: str) -> None:
    places = {(entry.namespace, entry.key) for entry in index}
    sound = len(places) == len(index) and all(
        entry.namespace in INDEX_NAMESPACES and _DIGEST.fullmatch(entry.digest) and not entry.trace for entry in index
    )
    if not sound:
        raise _broken(file, "its index is none that a build writes")
    for entry in index:
        encode_key(entry.key)


def _read_fragment(stream: BinaryIO, file: str, manifest: Manifest, entry: IndexEntry) -> Fragment:
    body = _read_sized(stream, file, MAX_BODY)
    if digest(body).hex() != entry.digest:
        raise _broken(file, f"the body of `{entry.key}` is not what its digest says")
    if entry.namespace != PAGE_TPL:
        return Fragment(entry.namespace, entry.key, body)
    try:
        cuts = find_cuts(body)
        read_choices(body, cuts, manifest.slots)
    except ValueError as error:
        raise _broken(file, f"`{entry.key}` cannot be filled: {error}") from None
    return Fragment(entry.namespace, entry.key, body, cuts)


def _with_traces(store: LmdbStore, pack: Pack) -> Pack:
    """A release that this store has keeps the traces of its builder."""
    with store.snapshot() as snapshot:
        if pack.release in publications(snapshot):
            try:
                return read_pack(snapshot, pack.release)
            except EdgekitError:  # damaged: the imported one heals it
                return pack
    return pack


def _read_sized(stream: BinaryIO, file: str, most: int) -> bytes:
    length = int.from_bytes(_read_exactly(stream, file, _LENGTH_BYTES), "big")
    if length > most:
        raise _broken(file, f"a part of it says that it has {length:,} bytes, and {most:,} are taken")
    return _read_exactly(stream, file, length)


def _read_exactly(stream: BinaryIO, file: str, length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise _broken(file, "it is cut off")
    return content


def _broken(file: str, why: str) -> EdgekitError:
    return failure(
        "EK448",
        f"`{file}` is not one whole release: {why}",
        help="export it again, and see that it comes whole; the store answers as before",
    )

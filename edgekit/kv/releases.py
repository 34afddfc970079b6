"""Releases that a store keeps: which there are, which is current, and back to an earlier one."""

import msgspec

from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.kv.store import LmdbStore
from edgekit.kv.switch import Changes, switch
from edgekit.kv.transaction import LmdbSnapshot, WriteTransaction
from edgekit.model.keys import (
    CURRENT,
    EDGEKIT,
    Namespace,
    built_key,
    index_key,
    manifest_key,
    published_key,
    reads_key,
)
from edgekit.model.manifest import Manifest, Pack, Ttl, decode_index, decode_manifest
from edgekit.model.reads import Reads, decode_reads
from edgekit.project.basis import Basis, decode_basis


class Publication(msgspec.Struct, frozen=True):
    """When a release was last published: Unix seconds, and a number that grows whatever the clock does."""

    at: float
    sequence: int


class Release(msgspec.Struct, frozen=True):
    """A kept release: when it was last published (Unix seconds), how many pages it has; None if it is damaged."""

    release: str
    published: float
    current: bool
    pages: int | None


class Published(msgspec.Struct, frozen=True):
    """The release that is current now, the one before it, and how many index entries that changed."""

    release: str
    previous: str | None
    changes: dict[Namespace, Changes]


class _Expiring(msgspec.Struct, frozen=True):
    """What of a manifest says when records expire."""

    ttl: Ttl


class _Routes(msgspec.Struct):
    """The part of a manifest that counts pages."""

    routes: dict[str, msgspec.Raw]


_MIN_PREFIX = 4
_decode_routes = msgspec.json.Decoder(_Routes).decode
_encode_publication = msgspec.json.Encoder().encode
_decode_publication = msgspec.json.Decoder(Publication).decode
_decode_expiring = msgspec.json.Decoder(_Expiring).decode


def current_release(reader: LmdbSnapshot | WriteTransaction) -> str | None:
    """The digest (hex) of the current release; None in a store that holds none."""
    raw = reader.get(EDGEKIT, CURRENT)
    return raw.decode("ascii", "replace") if raw else None


def current_manifest(reader: LmdbSnapshot | WriteTransaction) -> Manifest | None:
    """The current release's manifest; None in a store that holds none. Raises EK433 if it is damaged."""
    release = current_release(reader)
    return read_manifest(reader, release) if release else None


def read_manifest(reader: LmdbSnapshot | WriteTransaction, release: str) -> Manifest:
    """Raises EK433 if it is missing or damaged."""
    try:
        return decode_manifest(reader.get(EDGEKIT, manifest_key(release)) or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise damaged_release(release) from None


def current_ttl(reader: LmdbSnapshot | WriteTransaction) -> Ttl:
    """When records expire by the current release, without the rest of its manifest; the default if there is none.

    Raises EK433 if it is damaged.
    """
    release = current_release(reader)
    if release is None:
        return Ttl()
    try:
        return _decode_expiring(reader.get(EDGEKIT, manifest_key(release)) or b"").ttl
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise damaged_release(release) from None


def current_reads(reader: LmdbSnapshot | WriteTransaction) -> Reads | None:
    """What the build of the current release read; None where the store does not tell, or not in a form known here."""
    release = current_release(reader)
    raw = reader.get(EDGEKIT, reads_key(release)) if release else None
    try:
        return decode_reads(raw) if raw else None
    except msgspec.MsgspecError:  # `edgekit verify` tells of it; it only saves work
        return None


def current_basis(reader: LmdbSnapshot | WriteTransaction) -> Basis | None:
    """What the current release was built from; None where the store does not tell, or not readably."""
    release = current_release(reader)
    raw = reader.get(EDGEKIT, built_key(release)) if release else None
    try:
        return decode_basis(raw) if raw else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def read_pack(reader: LmdbSnapshot | WriteTransaction, release: str) -> Pack:
    """Raises EK433 if a part of it is missing or damaged."""
    try:
        index = decode_index(reader.get(EDGEKIT, index_key(release)) or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise damaged_release(release) from None
    return Pack(read_manifest(reader, release), index, release)


def damaged_release(release: str) -> EdgekitError:
    """EK433, for `raise`."""
    return failure(
        "EK433", f"release `{release}` cannot be read from the store", help="build again; `edgekit verify` tells more"
    )


def list_releases(store: LmdbStore) -> list[Release]:
    """The kept releases, the last published first."""
    with store.snapshot() as snapshot:
        current = current_release(snapshot)
        return [
            Release(name, entry.at, name == current, _count_pages(snapshot, name))
            for name, entry in reversed(publications(snapshot).items())
        ]


def _count_pages(snapshot: LmdbSnapshot, release: str) -> int | None:
    try:
        return len(_decode_routes(snapshot.get(EDGEKIT, manifest_key(release)) or b"").routes)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def rollback(store: LmdbStore, release: str | None, now: float) -> Published:
    """Make an earlier release current again, in one transaction; users and live edits stay.

    `release` is a digest or the beginning of one (4 digits at least); None is the one published before the current.
    Raises EK434 (status 1 if it is not there, 2 if more than one begins so), EK432, EK433.
    """
    with store.write() as txn:
        previous = current_release(txn)
        kept = list(publications(txn))
        target = find_release(kept, release) if release else _release_before(kept, previous)
        changes = switch(txn, read_pack(txn, target), now, file_wins=False)
        return Published(target, previous, changes)


def find_release(kept: list[str], beginning: str) -> str:
    """The kept release whose digest begins so. Raises EK434."""
    found = [release for release in kept if release.startswith(beginning.lower())]
    if len(beginning) < _MIN_PREFIX or len(found) > 1:
        raise failure("EK434", f"`{beginning}` does not name one release", help="give more digits of its digest")
    if not found:
        raise failure(
            "EK434",
            f"there is no release `{beginning}` in the store",
            help="`edgekit releases list` shows those there are",
            status=1,
        )
    return found[0]


def _release_before(kept: list[str], current: str | None) -> str:
    place = kept.index(current) if current in kept else 0
    if place == 0:
        raise failure(
            "EK434",
            "there is no release before the current one",
            help="`edgekit releases list` shows those there are",
            status=1,
        )
    return kept[place - 1]


def publications(reader: LmdbSnapshot | WriteTransaction) -> dict[str, Publication]:
    """The kept releases, the last published last. Raises EK433."""
    found = {}
    prefix = published_key("").encode()
    for key, raw in reader.scan(EDGEKIT, prefix):
        release = key[len(prefix) :].decode("ascii", "replace")
        try:
            found[release] = _decode_publication(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise damaged_release(release) from None
    return dict(sorted(found.items(), key=lambda item: item[1].sequence))


def write_publication(txn: WriteTransaction, release: str, now: float) -> None:
    """Note that a release is published now."""
    last = max((entry.sequence for entry in publications(txn).values()), default=0)
    txn.put(EDGEKIT, published_key(release), _encode_publication(Publication(now, last + 1)))

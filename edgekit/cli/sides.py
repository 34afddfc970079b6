"""What `diff` compares, opened or compiled. It brings together rooms that do not know each other."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from edgekit.cli.output import divert_prints
from edgekit.cli.sources import RevisionSource, SiteSource, Source, StoreSource
from edgekit.cli.unchanged import find_unchanged
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.diff.side import Side
from edgekit.kv.live import read_edits
from edgekit.kv.releases import current_release, damaged_release, read_pack
from edgekit.kv.store import open_store
from edgekit.kv.transaction import LmdbSnapshot
from edgekit.model.expiry import EXPIRY_BYTES
from edgekit.model.keys import EDGEKIT, USER_SEGMENTS, VALUES, live_key
from edgekit.model.manifest import Pack
from edgekit.project.fingerprint import fingerprint_site
from edgekit.project.root import site_root


class Manner(NamedTuple):
    """How sites are compiled, and whether users are read: `diff`'s options. `note` is told what is to be known."""

    clock: datetime
    jobs: int | None
    users: bool
    progress: Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
    note: Callable[[str], None]


@contextmanager
def open_sides(old: Source, new: Source, manner: Manner) -> Iterator[tuple[Side, Side]]:
    """Both sides, for the time of the `with`: stores as they are at one moment, sites compiled.

    Raises EdgekitError with status 2 where a site does not compile, a store cannot be read, or git is of no help.
    """
    with ExitStack() as stack:
        before = _open_side(old, manner, stack)
        yield before, _open_side(new, manner, stack, before.pack)


def _open_side(source: Source, manner: Manner, stack: ExitStack, read: Pack | None = None) -> Side:
    """`read` is a pack that need not be read again, if it is this side's, too."""
    match source:
        case StoreSource():
            return _open_store(source, manner, stack)
        case SiteSource():
            label = f"site {_as_folder(_shown(source.folder))}"
            last = _find_last_build(source.store, stack)
            unchanged = _read_unchanged(source, label, last, manner, read)
            return unchanged or _compile(source.folder, label, last, manner, stack)
        case RevisionSource():
            return _compile_revision(source, manner, stack)


def _open_store(source: StoreSource, manner: Manner, stack: ExitStack) -> Side:
    label = f"store {_shown(source.path)}"
    if not source.named and not source.path.exists():
        return Side(label, None, _read_nothing)
    snapshot = stack.enter_context(stack.enter_context(open_store(source.path)).snapshot())
    release = current_release(snapshot)
    return Side(
        label,
        read_pack(snapshot, release) if release is not None else None,
        partial(_read_body, snapshot),
        {tier: read_edits(snapshot, tier) for tier in _edited_tiers(snapshot)},
        partial(_read_users, snapshot) if manner.users else None,
    )


def _find_last_build(path: Path, stack: ExitStack) -> LmdbSnapshot | None:
    """The store that a site was last built into, as it is now; None where there is none, or none that can be read."""
    try:
        return stack.enter_context(stack.enter_context(open_store(path)).snapshot()) if path.exists() else None
    except EdgekitError:  # it only saves work
        return None


def _read_unchanged(
    source: SiteSource, label: str, last: LmdbSnapshot | None, manner: Manner, read: Pack | None
) -> Side | None:
    """The release that was built from the site as it is now, of which then nothing is loaded."""
    if last is None:
        return None
    root = site_root(source.folder)
    found = find_unchanged(last, root, fingerprint_site(root), manner.clock)
    if found is None:
        return None
    pack = read if read is not None and read.release == found[0] else read_pack(last, found[0])
    return Side(label, pack, partial(_read_body, last))


def _compile(folder: Path, label: str, last: LmdbSnapshot | None, manner: Manner, stack: ExitStack) -> Side:
    # What compares stores, or an unchanged site, needs none of these.
    from edgekit.cli.previous import read_previous
    from edgekit.cli.spool import Spool
    from edgekit.compiler.build import compile_site
    from edgekit.compiler.record import NO_BUILD
    from edgekit.project.load import load_site

    spool = stack.enter_context(Spool())
    previous = NO_BUILD if last is None else read_previous(last)
    try:
        with divert_prints(), manner.progress(f"compiling {label}") as progress:
            site = load_site(folder, build_time=manner.clock)
            result = compile_site(site, spool.add, jobs=manner.jobs, progress=progress, previous=previous)
    except EdgekitError as error:
        raise EdgekitError(error.diagnostics) from None  # status 2, whatever a build would end with
    if result.pack is None:
        raise EdgekitError(result.diagnostics)

    def read(digest: str) -> bytes:
        if last is None or digest in spool:
            return spool.read(digest)
        return _read_body(last, digest)

    return Side(label, result.pack, read)


def _compile_revision(source: RevisionSource, manner: Manner, stack: ExitStack) -> Side:
    from edgekit.cli.interrupt import unwind_when_killed
    from edgekit.project.revision import check_out, find_revision

    revision = find_revision(source.folder, source.name)
    with unwind_when_killed(), check_out(revision) as checkout:
        for path in checkout.submodules:
            manner.note(f"git:{source.name}: the submodule `{path}` is empty there")
        last = _find_last_build(source.store, stack)
        return _compile(checkout.site, f"git:{source.name}", last, manner, stack)


def _shown(path: Path) -> str:
    return min(str(path), os.path.relpath(path), key=len)


def _as_folder(shown: str) -> str:
    return shown if shown.startswith((".", os.sep)) else f"./{shown}"


def _read_nothing(digest: str) -> bytes:
    raise KeyError(digest)


def _read_body(snapshot: LmdbSnapshot, digest: str) -> bytes:
    body = snapshot.get(VALUES, bytes.fromhex(digest))
    if body is None:
        raise damaged_release(current_release(snapshot) or "")
    return body


def _edited_tiers(snapshot: LmdbSnapshot) -> list[str]:
    prefix = live_key("")
    return [key.decode(errors="replace").removeprefix(prefix) for key, _ in snapshot.scan(EDGEKIT, prefix.encode())]


def _read_users(snapshot: LmdbSnapshot) -> Iterator[tuple[str, bytes]]:
    for key, stored in snapshot.scan(USER_SEGMENTS):
        yield key.decode(errors="replace"), stored[EXPIRY_BYTES:]

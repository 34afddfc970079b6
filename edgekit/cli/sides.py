"""What `diff` compares, made into sides. It brings together rooms that do not know each other."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from edgekit.cli.interrupt import unwind_when_killed
from edgekit.cli.output import divert_prints
from edgekit.cli.places import site_folder, store_file
from edgekit.cli.spool import Spool
from edgekit.compiler.build import compile_site
from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.diff.side import Side
from edgekit.kv.live import read_edits
from edgekit.kv.releases import current_release, damaged_release, read_pack
from edgekit.kv.store import open_store
from edgekit.kv.transaction import LmdbSnapshot
from edgekit.model.expiry import EXPIRY_BYTES
from edgekit.model.keys import EDGEKIT, USER_SEGMENTS, VALUES, live_key
from edgekit.project.clock import read_clock
from edgekit.project.config import read_store
from edgekit.project.load import load_site, site_root
from edgekit.project.revision import check_out, find_revision

_REVISION: Final = "git:"
_TARGET: Final = re.compile(r"cloudflare(:|$)|rediss?://")


class StoreSource(NamedTuple):
    """A store's file. One that is not there is a store that holds nothing, if it was not named."""

    path: Path
    named: bool


class SiteSource(NamedTuple):
    """A site's folder."""

    folder: Path


class RevisionSource(NamedTuple):
    """A site as git has it at a revision; `folder` is where it is now."""

    name: str
    folder: Path


Source = StoreSource | SiteSource | RevisionSource


class Manner(NamedTuple):
    """How sites are compiled, and whether users are read: `diff`'s options. `note` is told what is to be known."""

    clock: datetime | None
    jobs: int | None
    users: bool
    progress: Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
    note: Callable[[str], None]


def find_sources(old: str | None, new: str | None, store: Path | None) -> tuple[Source, Source]:
    """What `diff`'s arguments name. `new` is the site here if it is not given; of a lone site the store is `old`.

    `store` is `--store`. Raises EK101 where there is no site, EK174 for what is nothing that can be compared.
    """
    if new is None:
        if old is None or _is_folder(old):
            site = SiteSource(site_folder(None if old is None else Path(old)))
            return StoreSource(store_file(store, _configured_store(site.folder)), named=False), site
        return _find_source(old, None), SiteSource(site_folder(None))
    assert old is not None
    folder = next((Path(argument) for argument in (new, old) if _is_folder(argument)), None)
    return _find_source(old, folder), _find_source(new, folder)


@contextmanager
def open_sides(old: Source, new: Source, manner: Manner) -> Iterator[tuple[Side, Side]]:
    """Both sides, for the time of the `with`: stores as they are at one moment, sites compiled.

    Raises EdgekitError with status 2 where a site does not compile, a store cannot be read, or git is of no help.
    """
    manner = manner._replace(clock=manner.clock or read_clock())  # one moment for both
    with ExitStack() as stack:
        yield _open_side(old, manner, stack), _open_side(new, manner, stack)


def _is_folder(argument: str) -> bool:
    return not argument.startswith(_REVISION) and os.path.isdir(argument)


def _configured_store(folder: Path) -> Path | None:
    return read_store(site_root(folder))


def _find_source(argument: str, site: Path | None) -> Source:
    if argument.startswith(_REVISION):
        return RevisionSource(argument.removeprefix(_REVISION), site_root(site_folder(site)))
    if _TARGET.match(argument):
        raise failure(
            "EK174",
            f"`{argument}` is a deployed target, and those cannot be compared yet",
            help="name a store, a site's folder or `git:REF`; write a file of that name as `./…`",
        )
    if os.path.isdir(argument):
        return SiteSource(Path(argument))
    if not os.path.exists(argument):
        raise failure(
            "EK174",
            f"there is neither a store nor a site `{argument}`",
            help=f"name a store's file, a folder with an `edgekit.toml`, or a revision, as in `git:{argument}`",
        )
    return StoreSource(Path(argument), named=True)


def _open_side(source: Source, manner: Manner, stack: ExitStack) -> Side:
    match source:
        case StoreSource():
            return _open_store(source, manner, stack)
        case SiteSource():
            return _compile(source.folder, f"site {os.path.join('.', _shown(source.folder))}", manner, stack)
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
        lambda digest: _read_body(snapshot, digest, release or ""),
        {tier: read_edits(snapshot, tier) for tier in _edited_tiers(snapshot)},
        (lambda: _read_users(snapshot)) if manner.users else None,
    )


def _compile(folder: Path, label: str, manner: Manner, stack: ExitStack) -> Side:
    spool = stack.enter_context(Spool())
    try:
        with divert_prints(), manner.progress(f"compiling {label}") as progress:
            site = load_site(folder, build_time=manner.clock)
            result = compile_site(site, spool.add, jobs=manner.jobs, progress=progress)
    except EdgekitError as error:
        raise EdgekitError(error.diagnostics) from None  # status 2, whatever a build would end with
    if result.pack is None:
        raise EdgekitError(result.diagnostics)
    return Side(label, result.pack, spool.read)


def _compile_revision(source: RevisionSource, manner: Manner, stack: ExitStack) -> Side:
    revision = find_revision(source.folder, source.name)
    with unwind_when_killed(), check_out(revision) as checkout:
        for path in checkout.submodules:
            manner.note(f"git:{source.name}: the submodule `{path}` is empty there")
        return _compile(checkout.site, f"git:{source.name}", manner, stack)


def _shown(path: Path) -> str:
    return min(str(path), os.path.relpath(path), key=len)


def _read_nothing(digest: str) -> bytes:
    raise KeyError(digest)


def _read_body(snapshot: LmdbSnapshot, digest: str, release: str) -> bytes:
    body = snapshot.get(VALUES, bytes.fromhex(digest))
    if body is None:
        raise damaged_release(release)
    return body


def _edited_tiers(snapshot: LmdbSnapshot) -> list[str]:
    prefix = live_key("")
    return [key.decode(errors="replace").removeprefix(prefix) for key, _ in snapshot.scan(EDGEKIT, prefix.encode())]


def _read_users(snapshot: LmdbSnapshot) -> Iterator[tuple[str, bytes]]:
    for key, stored in snapshot.scan(USER_SEGMENTS):
        yield key.decode(errors="replace"), stored[EXPIRY_BYTES:]

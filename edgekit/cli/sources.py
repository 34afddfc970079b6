"""What `diff`'s arguments name: stores, sites and revisions of git."""

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from edgekit.cli.places import site_folder, store_file
from edgekit.diagnostics.diagnostic import failure
from edgekit.project.config import read_store
from edgekit.project.root import site_root

_REVISION: Final = "git:"
_TARGET: Final = re.compile(r"cloudflare(:|$)|rediss?://")


class StoreSource(NamedTuple):
    """A store's file. One that is not there is a store that holds nothing, if it was not named."""

    path: Path
    named: bool


class SiteSource(NamedTuple):
    """A site's folder; the last build in its `store` saves work."""

    folder: Path
    store: Path


class RevisionSource(NamedTuple):
    """A site as git has it at a revision; `folder` is where it is now."""

    name: str
    folder: Path
    store: Path


Source = StoreSource | SiteSource | RevisionSource


def find_sources(old: str | None, new: str | None, store: Path | None) -> tuple[Source, Source]:
    """What `diff`'s arguments name. `new` is the site here if it is not given; of a lone site the store is `old`.

    `store` is `--store`. Raises EK101 where there is no site, EK174 for what is nothing that can be compared.
    """
    if new is None:
        if old is None or _is_folder(old):
            site = _find_site(None if old is None else Path(old), store)
            return StoreSource(site.store, named=False), site
        return _find_source(old, None, store), _find_site(None, store)
    assert old is not None
    folder = next((Path(argument) for argument in (new, old) if _is_folder(argument)), None)
    return _find_source(old, folder, store), _find_source(new, folder, store)


def _is_folder(argument: str) -> bool:
    return not argument.startswith(_REVISION) and os.path.isdir(argument)


def _find_site(folder: Path | None, store: Path | None) -> SiteSource:
    folder = site_folder(folder)
    return SiteSource(folder, store_file(store, read_store(site_root(folder))))


def _find_source(argument: str, folder: Path | None, store: Path | None) -> Source:
    if argument.startswith(_REVISION):
        site = _find_site(folder, store)
        return RevisionSource(argument.removeprefix(_REVISION), site_root(site.folder), site.store)
    if _TARGET.match(argument):
        raise failure(
            "EK174",
            f"`{argument}` is a deployed target, and those cannot be compared yet",
            help="name a store, a site's folder or `git:REF`; write a file of that name as `./…`",
        )
    if os.path.isdir(argument):
        return _find_site(Path(argument), store)
    if not os.path.exists(argument):
        raise failure(
            "EK174",
            f"there is neither a store nor a site `{argument}`",
            help=f"name a store's file, a folder with an `edgekit.toml`, or a revision, as in `git:{argument}`",
        )
    return StoreSource(Path(argument), named=True)

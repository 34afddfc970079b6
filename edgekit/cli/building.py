"""A site compiled into its store: what `build` and `serve` do. It brings together rooms that do not know each other."""

import os
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from edgekit.cli.output import divert_prints
from edgekit.cli.places import site_folder, store_file
from edgekit.cli.previous import read_previous
from edgekit.compiler.build import CompileResult, compile_site
from edgekit.compiler.digests import Digests
from edgekit.compiler.stale import Stale, find_stale
from edgekit.compiler.verified import compile_verified
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError, failure
from edgekit.diagnostics.json import build_json
from edgekit.kv.lock import build_lock
from edgekit.kv.publish import count_removed_pages, publish
from edgekit.kv.releases import Published
from edgekit.kv.staging import Stager
from edgekit.kv.store import LmdbStore, open_store
from edgekit.model.fragment import Fragment
from edgekit.model.keys import ASSETS
from edgekit.model.manifest import Pack
from edgekit.project.load import load_site
from edgekit.project.site import Site

MAX_REMOVED: Final = 0.3
"""The share of its pages that a site loses at once only if somebody says so: the contract, section 9."""


class Built(NamedTuple):
    """A published build, with its warnings; `seconds` are those of compiling and publishing.

    `rendered` counts the pages, islands and items that were, of `compiled` in all.
    """

    site: Site
    store: Path
    pack: Pack
    published: Published
    warnings: tuple[Diagnostic, ...]
    rendered: int
    compiled: int
    seconds: float

    @property
    def pages(self) -> int:
        return len(self.pack.manifest.routes)

    @property
    def assets(self) -> int:
        return sum(entry.namespace == ASSETS for entry in self.pack.index)

    @property
    def fragments(self) -> int:
        return len(self.pack.index) - self.assets

    def fields(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "release": self.published.release,
            "previous": self.published.previous,
            "store": str(self.store),
            "pages": self.pages,
            "fragments": self.fragments,
            "assets": self.assets,
            "rendered": self.rendered,
            "changes": {
                namespace: {"added": counts.added, "changed": counts.changed, "removed": counts.removed}
                for namespace, counts in self.published.changes.items()
            },
            "seconds": round(self.seconds, 3),
            **build_json(self.warnings, os.getcwd()),
        }


@divert_prints()
def build_site(
    folder: Path | None,
    store: Path | None,
    *,
    clock: datetime | None = None,
    jobs: int | None = None,
    wait: bool = False,
    yes: bool = False,
    verify: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Built:
    """Compile the site in `folder` as of `clock` and publish it, under the build lock of its store.

    Rendered is what can have changed since the store's last build; `verify`: and everything, to compare.
    Raises EdgekitError: 1 for findings, and (unless `yes`) EK480 where too many pages would go; 2 for configuration,
    I/O and another builder. Then nothing is published.
    """
    started = time.monotonic()
    folder = site_folder(folder)
    site = load_site(folder, build_time=clock)
    path = store_file(store, site.store)
    with build_lock(path, wait), open_store(path, create=True) as opened:
        if wait:
            site = load_site(folder, build_time=clock)  # it may have changed while another builder was at work
        previous = read_previous(opened)
        compile = partial(compile_verified if verify else compile_site, site, jobs=jobs, progress=progress)
        try:
            result, published = _publish(opened, partial(compile, previous=previous), yes)
        except EdgekitError as error:
            if previous is None or error.diagnostics[0].code != "EK432":
                raise
            result, published = _publish(opened, compile, yes)  # the store has lost a body: all are made again
    assert result.pack is not None
    total = len(site.all_pages())
    seconds = time.monotonic() - started
    return Built(site, path, result.pack, published, result.diagnostics, result.rendered, total, seconds)


def _publish(
    store: LmdbStore, compile: Callable[[Callable[[Fragment], None]], CompileResult], yes: bool
) -> tuple[CompileResult, Published]:
    with Stager(store) as stager:
        result = compile(stager.add)
        if result.pack is None:
            raise EdgekitError(result.diagnostics, status=1)
    removal = count_removed_pages(store, result.pack)
    if removal.share > MAX_REMOVED and not yes:
        raise failure(
            "EK480",
            f"{removal.removed} of {removal.before} published pages would be removed, so nothing is published",
            help="see whether data or pages are missing; if the pages shall go, build with `--yes`",
            status=1,
        )
    return result, publish(store, result.pack, time.time())


@divert_prints()
def plan_build(folder: Path | None, store: Path | None, *, clock: datetime | None = None) -> tuple[list[Stale], int]:
    """The pages that a build would render, and the number of all. Raises EdgekitError as `build_site`."""
    site = load_site(site_folder(folder), build_time=clock)
    path = store_file(store, site.store)
    previous = None
    if path.exists():
        with open_store(path) as opened:
            previous = read_previous(opened)
    return list(find_stale(site, Digests(site), previous).values()), len(site.all_pages())

"""A site compiled into its store: what `build` and `serve` do. It brings together rooms that do not know each other."""

import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from edgekit.cli.output import divert_prints
from edgekit.cli.places import site_folder, store_file
from edgekit.cli.removal import check_removal
from edgekit.cli.unchanged import find_unchanged
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError
from edgekit.diagnostics.json import build_json
from edgekit.kv.lock import build_lock
from edgekit.kv.publish import publish, publish_again
from edgekit.kv.releases import Published
from edgekit.kv.staging import Stager
from edgekit.kv.store import LmdbStore, open_store
from edgekit.project.basis import Basis
from edgekit.project.clock import read_clock
from edgekit.project.config import read_store
from edgekit.project.fingerprint import Fingerprint, fingerprint_site
from edgekit.project.root import site_root


class Built(NamedTuple):
    """A published build, with its warnings.

    `rendered` counts the pages, islands and items that were, of `total`; it is None if nothing of the site has changed
    since the release was built, so that nothing was even read. `seconds` are those of all the work.
    """

    root: Path
    store: Path
    published: Published
    pages: int
    fragments: int
    assets: int
    rendered: int | None
    total: int
    warnings: tuple[Diagnostic, ...]
    seconds: float

    def fields(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "release": self.published.release,
            "previous": self.published.previous,
            "store": str(self.store),
            "pages": self.pages,
            "fragments": self.fragments,
            "assets": self.assets,
            "rendered": self.rendered or 0,
            "changes": {
                namespace: {"added": counts.added, "changed": counts.changed, "removed": counts.removed}
                for namespace, counts in self.published.changes.items()
            },
            "seconds": round(self.seconds, 3),
            **build_json(self.warnings, os.getcwd()),
        }

    def summary(self, done: str) -> str:
        """One line: that nothing has changed, else what was `done`."""
        if self.rendered is None:
            return f"nothing has changed since {self.published.release} was built"
        return done


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

    If the store's current release was built from the site as it is, that is published again, and nothing is loaded.
    Else those pages are rendered that can have changed since; with `verify` these, and then all, to compare.

    Raises EdgekitError: 1 for findings, and (unless `yes`) EK480 where too many pages would go; 2 for configuration,
    I/O and another builder. Then nothing is published.
    """
    started = time.monotonic()
    root = site_root(site_folder(folder))
    build_time = clock or read_clock()
    path = _find_store(root, store)
    with build_lock(path, wait):
        # Before anything is read: a file that changes meanwhile is not taken for built.
        fingerprint = fingerprint_site(root)
        done = None if verify else _publish_unchanged(path, root, fingerprint, build_time)
        published, basis, rendered, total = done or _build(
            path, root, fingerprint, build_time, jobs=jobs, yes=yes, verify=verify, progress=progress
        )
    return Built(
        root,
        path,
        published,
        basis.pages,
        basis.fragments,
        basis.assets,
        rendered,
        total,
        basis.warnings_at(root),
        time.monotonic() - started,
    )


def _find_store(root: Path, given: Path | None) -> Path:
    try:
        configured = None if given else read_store(root)
    except EdgekitError:
        from edgekit.project.load import load_site

        configured = load_site(root).store  # it reports all that is wrong
    return store_file(given, configured)


_Done = tuple[Published, Basis, int | None, int]


def _publish_unchanged(path: Path, root: Path, fingerprint: Fingerprint, build_time: datetime) -> _Done | None:
    """None if something has changed, or nobody can tell."""
    if not path.exists():
        return None
    with open_store(path) as store:
        with store.snapshot() as snapshot:
            found = find_unchanged(snapshot, root, fingerprint, build_time)
        published = found and publish_again(store, found[0], time.time())
    return (published, found[1], None, 0) if found and published else None


def _build(
    path: Path,
    root: Path,
    fingerprint: Fingerprint,
    build_time: datetime,
    *,
    jobs: int | None,
    yes: bool,
    verify: bool,
    progress: Callable[[int, int], None],
) -> _Done:
    # A build of an unchanged site ends before it needs any of these.
    from edgekit.cli.previous import read_previous
    from edgekit.compiler.build import compile_site
    from edgekit.compiler.record import NO_BUILD, Previous, list_templates, reads_clock
    from edgekit.compiler.verified import compile_verified
    from edgekit.project.load import load_site
    from edgekit.project.noting import note_basis

    site = load_site(root, build_time=build_time)
    compile = compile_verified if verify else compile_site

    def build(store: LmdbStore, previous: Previous) -> _Done:
        with Stager(store) as stager:
            result = compile(site, stager.add, jobs=jobs, progress=progress, previous=previous)
            if result.pack is None:
                raise EdgekitError(result.diagnostics, status=1)
        check_removal(store, result.pack, yes=yes)
        reads = result.pack.reads
        assert reads is not None
        basis = note_basis(
            site,
            fingerprint,
            result.pack,
            result.diagnostics,
            templates=list_templates(reads),
            reads_clock=reads_clock(reads),
        )
        # What was written meanwhile may have been read, and be again what it was: then nobody knows what was built.
        known = basis if fingerprint_site(root) == fingerprint else None
        return publish(store, result.pack, time.time(), known), basis, result.rendered, len(site.all_pages())

    with open_store(path, create=True) as store:
        with store.snapshot() as snapshot:
            previous = read_previous(snapshot)
        try:
            return build(store, previous)
        except EdgekitError as error:
            if previous is NO_BUILD or error.diagnostics[0].code != "EK432":
                raise
            return build(store, NO_BUILD)  # the store has lost a body: all are made again

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
from edgekit.compiler.build import compile_site
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError
from edgekit.diagnostics.json import build_json
from edgekit.kv.lock import build_lock
from edgekit.kv.publish import publish
from edgekit.kv.releases import Published
from edgekit.kv.staging import Stager
from edgekit.kv.store import open_store
from edgekit.model.keys import ASSETS
from edgekit.model.manifest import Pack
from edgekit.project.load import load_site
from edgekit.project.site import Site


class Built(NamedTuple):
    """A published build, with its warnings; `seconds` are those of compiling and publishing."""

    site: Site
    store: Path
    pack: Pack
    published: Published
    warnings: tuple[Diagnostic, ...]
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
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Built:
    """Compile the site in `folder` as of `clock` and publish it, under the build lock of its store.

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
        with Stager(opened) as stager:
            result = compile_site(site, stager.add, jobs=jobs, progress=progress)
            if result.pack is None:
                raise EdgekitError(result.diagnostics, status=1)
        check_removal(opened, result.pack, yes=yes)
        published = publish(opened, result.pack, time.time())
    return Built(site, path, result.pack, published, result.diagnostics, time.monotonic() - started)

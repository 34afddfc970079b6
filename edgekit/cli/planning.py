"""What a build would do: `build --plan`."""

from datetime import datetime
from pathlib import Path

from edgekit.cli.output import divert_prints
from edgekit.cli.places import site_folder, store_file
from edgekit.cli.previous import read_previous
from edgekit.compiler.digests import Digests
from edgekit.compiler.stale import Stale, find_stale
from edgekit.kv.store import open_store
from edgekit.project.load import load_site


@divert_prints()
def plan_build(folder: Path | None, store: Path | None, *, clock: datetime | None = None) -> tuple[list[Stale], int]:
    """The pages, islands and items that a build of the site in `folder` would render, and the number of all.

    Raises EdgekitError if the site or the store cannot be read. Nothing is compiled.
    """
    site = load_site(site_folder(folder), build_time=clock)
    path = store_file(store, site.store)
    previous = None
    if path.exists():
        with open_store(path) as opened:
            previous = read_previous(opened)
    return list(find_stale(site, Digests(site), previous).values()), len(site.all_pages())

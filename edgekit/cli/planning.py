"""What a build would do: `build --plan`."""

from datetime import datetime
from pathlib import Path
from typing import Final

from edgekit.cli.output import Output, divert_prints
from edgekit.cli.places import site_folder, store_file
from edgekit.cli.previous import read_previous
from edgekit.compiler.digests import Digests
from edgekit.compiler.reasons import group_stale
from edgekit.compiler.record import NO_BUILD
from edgekit.compiler.stale import Stale, find_stale
from edgekit.kv.store import open_store
from edgekit.project.load import load_site

_NAMED: Final = 3
"""Pages with the same reasons that are named; of more the number is told."""


def show_plan(output: Output, folder: Path | None, store: Path | None, clock: datetime | None) -> None:
    """Say which pages, islands and items a build of the site in `folder` would render, and why.

    Raises EdgekitError if the site or the store cannot be read. Nothing is compiled.
    """
    stale, total = _find_stale(folder, store, clock)
    groups = list(group_stale(stale))
    pages = [{"path": path, "because": list(because)} for because, paths in groups for path in paths]
    lines = []
    for because, paths in groups:
        shown = ", ".join(paths) if len(paths) <= _NAMED else f"{len(paths):,} pages"
        lines.append(f"{shown}: {'; '.join(because)}")
    if stale:
        lines.append(f"{len(stale):,} of {total:,} pages, islands and items would be rendered")
    else:
        lines.append("nothing would be rendered: no page can have changed since the last build")
    output.report({"rendered": pages, "total": total}, "\n".join(lines))


@divert_prints()
def _find_stale(folder: Path | None, store: Path | None, clock: datetime | None) -> tuple[list[Stale], int]:
    site = load_site(site_folder(folder), build_time=clock)
    path = store_file(store, site.store)
    previous = NO_BUILD
    if path.exists():
        with open_store(path) as opened, opened.snapshot() as snapshot:
            previous = read_previous(snapshot)
    return list(find_stale(site, Digests(site), previous).values()), len(site.all_pages())

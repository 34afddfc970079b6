"""`edgekit check --live`: a running site asked through what stands in front of it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edgekit.cli.output import Output
from edgekit.cli.places import find_store, store_file
from edgekit.diagnostics.text import format_amount
from edgekit.project.config import read_store

DEFAULT_PAGES: Final = 20


def ask_site(
    output: Output, url: str, site: Path | None, store: Path | None, users: Sequence[str], pages: int, *, strict: bool
) -> int:
    """Show what is found; returns the exit status. The store is SITE's, if one is named."""
    # These load LMDB and httpx, which a check of files does not need.
    from edgekit.kv.store import open_store
    from edgekit.live.check import check_live
    from edgekit.replay.secrets import read_secrets

    path = find_store(store) if store or site is None else store_file(None, read_store(site))
    with open_store(path) as opened, output.progress("asking") as progress:
        checked = check_live(url, opened, users, pages, read_secrets(os.environ), progress)
    if output.form != "text" or checked.diagnostics:
        output.diagnostics(checked.diagnostics, asked=True)
    wrong = any(found.severity == "error" for found in checked.diagnostics)
    if not wrong and output.form == "text" and not output.quiet:
        asked = f"asked {format_amount(checked.requests, 'time')} as {', '.join(checked.askers)}"
        output.line(f"nothing is cached wrongly: {format_amount(checked.pages, 'page')}, {asked}")
    return 1 if wrong or (strict and checked.diagnostics) else 0

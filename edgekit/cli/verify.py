"""`edgekit verify`: check every digest of the store."""

from contextlib import suppress
from pathlib import Path

import click

from edgekit.cli.options import output_options, store_option
from edgekit.cli.output import Output
from edgekit.cli.places import find_store
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.publish import forget_basis
from edgekit.kv.store import open_store
from edgekit.kv.verify import verify


@click.command
@store_option
@output_options()
@click.pass_obj
def command(output: Output, store: Path | None) -> int:
    """Check the whole store: its structure, every digest, every record.

    LMDB does not notice a flipped bit; this does. The exit status is 1 if there is damage; then the next build is a
    full one, also if the site has not changed.

    \b
    edgekit verify
    edgekit verify --store /srv/edge.lmdb --json
    """
    path = find_store(store)
    with output.progress("verifying") as progress:
        found = verify(path, progress)
    if found:
        _ask_for_full_build(path)
    if output.json or found:
        output.diagnostics(found, asked=True)
    elif not output.quiet:
        output.line(f"no damage in {path}")
    return 1 if found else 0


def _ask_for_full_build(path: Path) -> None:
    # Of a store that cannot be opened or written nothing is forgotten; no build would take it for unchanged, either.
    with suppress(EdgekitError), open_store(path) as store:
        forget_basis(store)

"""`edgekit verify`: check every digest of the store."""

from pathlib import Path

import click

from edgekit.cli.options import output_options, store_option
from edgekit.cli.output import Output
from edgekit.cli.places import find_store
from edgekit.kv.verify import verify


@click.command
@store_option
@output_options()
@click.pass_obj
def command(output: Output, store: Path | None) -> int:
    """Check the whole store: its structure, every digest, every record.

    LMDB does not notice a flipped bit; this does. The exit status is 1 if there is damage.

    \b
    edgekit verify
    edgekit verify --store /srv/edge.lmdb --json
    """
    path = find_store(store)
    with output.progress("verifying") as progress:
        found = verify(path, progress)
    if output.json or found:
        output.diagnostics(found, asked=True)
    elif not output.quiet:
        output.line(f"no damage in {path}")
    return 1 if found else 0

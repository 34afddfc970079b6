"""`edgekit explain`: what a diagnostic's code stands for, with an example and the ways out."""

import click

from edgekit.cli.options import output_options
from edgekit.cli.output import Output
from edgekit.diagnostics.catalogue import Entry, format_entry, list_codes, read_entry
from edgekit.diagnostics.diagnostic import failure
from edgekit.diagnostics.suggest import did_you_mean


@click.command
@click.argument("code")
@output_options()
@click.pass_obj
def command(output: Output, code: str) -> None:
    """Explain CODE, a diagnostic's code: why it exists, an example, and the ways out.

    \b
    edgekit explain EK203
    edgekit explain ek203 --json | jq -r .title
    """
    entry = find_entry(code)
    if output.json:
        output.object(entry._asdict())
    else:
        output.markdown(format_entry(entry))


def find_entry(code: str) -> Entry:
    """The entry of a code in capital or small letters. Raises EK489, 1, for a code that is not there."""
    known = list_codes()
    if code.upper() not in known:
        raise failure(
            "EK489",
            f"there is no code `{code}`{did_you_mean(code.upper(), known)}",
            help="name one that edgekit has printed, such as `EK203`",
            status=1,
        )
    return read_entry(code.upper())

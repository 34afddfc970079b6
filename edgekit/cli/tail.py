"""`edgekit tail`: what happens on a running server, as it happens."""

import os
import shutil
import sys
from typing import Literal

import click

from edgekit.cli.event_lines import EventLines, format_json
from edgekit.cli.options import output_options
from edgekit.cli.output import Output
from edgekit.replay.port import DEFAULT_PORT
from edgekit.replay.secrets import ADMIN_TOKEN, read_secret


@click.command
@click.option(
    "--url", default=f"http://127.0.0.1:{DEFAULT_PORT}", show_default=True, metavar="U", help="Scheme, host and port."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["pretty", "json"]),
    help="How events are printed [default: pretty on a terminal, else json].",
)
@click.option(
    "--sample",
    type=click.FloatRange(0, 1),
    default=1,
    show_default=True,
    metavar="R",
    help="The share of events to print; critical ones are printed always.",
)
@click.option("--critical", is_flag=True, help="Print critical events only: faults, and what they led to.")
@output_options(json=False)
@click.pass_obj
def command(output: Output, url: str, form: Literal["pretty", "json"] | None, sample: float, critical: bool) -> None:
    """Print what a running `edgekit serve` answers, in all its workers, until Ctrl-C.

    Each event has time (UTC), status, tier, look-ups, CPU and path, without the query; critical ones say what went
    wrong. As JSON it is one object a line. If this cannot keep up events are left out, and counted.

    A server with EDGEKIT_ADMIN_TOKEN set asks for the same in the environment of this command. Without one, a server
    for development answers who sits at the same machine.

    \b
    edgekit tail
    edgekit tail --critical --url https://shop.example
    edgekit tail --format json | jq 'select(.status >= 400)'
    """
    from edgekit.live.tail import follow_tail  # it loads httpx, which `--help` does not need

    is_terminal = sys.stdout.isatty()
    token = read_secret(os.environ, ADMIN_TOKEN)
    show = EventLines(output.color and is_terminal, shutil.get_terminal_size().columns if is_terminal else None)
    format = show.format if form == "pretty" or (form is None and is_terminal) else format_json
    for event in follow_tail(url, token, 0 if critical else sample, output.note):
        output.line(format(event))
        output.flush()

"""`edgekit diff`: what a build or a deploy would change."""

from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from edgekit.cli.options import clock_option, output_options, store_option
from edgekit.cli.output import Output
from edgekit.cli.sides import Manner, find_sources, open_sides


@click.command
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--exit-code", is_flag=True, help="End with 1 if there are differences.")
@click.option("--users", is_flag=True, help="Compare the users of two stores, too: ids, never what is known of them.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    help="How the plan is printed [default: text]; `--json` is the same as `--format json`.",
)
@store_option
@clock_option
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes to compile in [default: as needed].")
@output_options()
@click.pass_obj
def command(
    output: Output,
    old: str | None,
    new: str | None,
    exit_code: bool,
    users: bool,
    form: Literal["text", "json", "markdown"] | None,
    store: Path | None,
    clock: datetime | None,
    jobs: int | None,
) -> int:
    output.form = form or output.form
    manner = Manner(clock, jobs, users, output.progress, output.note)
    with open_sides(*find_sources(old, new, store), manner) as sides:
        print(sides)
    return 0

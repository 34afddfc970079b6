"""`edgekit diff`: what a build or a deploy would change."""

from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from edgekit.cli.options import clock_option, output_options, store_option
from edgekit.cli.output import Output
from edgekit.cli.sides import Manner, open_sides
from edgekit.cli.sources import StoreSource, find_sources
from edgekit.diff.compare import compare
from edgekit.diff.plan import Plan
from edgekit.diff.side import Side
from edgekit.project.clock import read_clock


@click.command
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--exit-code", is_flag=True, help="End with 1 if there are differences.")
@click.option("--users", is_flag=True, help="Compare the users of two stores, too: their ids, no value of a record.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "html"]),
    help="How the differences are printed [default: text]; `--json` is the same as `--format json`.",
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
    form: Literal["text", "json", "markdown", "html"] | None,
    store: Path | None,
    clock: datetime | None,
    jobs: int | None,
) -> int:
    """Print what would change if NEW took the place of OLD. Nothing is published or changed.

    OLD and NEW are a store's file, a site's folder, or git:REF: the site as git has it at a branch, a tag or a commit.
    Without NEW it is the site here (`.`, else ./site). Without OLD, or with a lone site, OLD is the site's store: what
    `edgekit build` would change.

    \b
    edgekit diff
    edgekit diff git:main
    edgekit diff git:v1.2 git:v1.3 --format markdown
    edgekit diff --format html > report.html
    edgekit diff /srv/edge.lmdb site --exit-code
    edgekit diff old.lmdb new.lmdb --users --json
    """
    output.form = form or output.form
    sources = find_sources(old, new, store)
    if users and not all(isinstance(source, StoreSource) for source in sources):
        raise click.UsageError("--users compares two stores: a site has no users.")
    manner = Manner(clock or read_clock(), jobs, users, output.progress, output.note)  # one moment for both
    with open_sides(*sources, manner) as sides:
        plan = compare(*sides)
        _show(output, plan, *sides)
    return 1 if exit_code and plan.differs else 0


def _show(output: Output, plan: Plan, old: Side, new: Side) -> None:
    match output.form:
        case "json":
            from edgekit.diff.json import build_json

            output.object(build_json(plan))
        case "markdown":
            from edgekit.diff.markdown import format_markdown

            output.data(format_markdown(plan))
        case "html":
            from edgekit.diff.html.document import render_html

            for chunk in render_html(plan, old, new):
                output.data(chunk)
        case _:
            from edgekit.diff.text import format_text

            if plan.differs or not output.quiet:
                output.styled(format_text(plan))

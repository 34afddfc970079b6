"""`edgekit build`: compile a site and publish it."""

from datetime import datetime
from pathlib import Path

import click

from edgekit.cli.building import build_site
from edgekit.cli.options import clock_option, output_options, site_argument, store_option
from edgekit.cli.output import Output
from edgekit.diagnostics.text import format_amount


@click.command
@site_argument
@store_option
@clock_option
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes to compile in [default: as needed].")
@click.option("--wait", is_flag=True, help="Wait for another build into the same store to end.")
@click.option("--plan", is_flag=True, help="Say which pages would be rendered, and why; compile and publish nothing.")
@click.option("--verify", is_flag=True, help="Render every page as well, and publish only if nothing differs.")
@click.option("--yes", is_flag=True, help="Publish even if more than 30 % of the pages would go.")
@output_options()
@click.pass_obj
def command(
    output: Output,
    site: Path | None,
    store: Path | None,
    clock: datetime | None,
    jobs: int | None,
    wait: bool,
    plan: bool,
    verify: bool,
    yes: bool,
) -> None:
    """Compile SITE and publish it to the store.

    SITE is a folder with an edgekit.toml; without it the current folder, else ./site. Pages that cannot have changed
    since the last build into the store are not rendered again, and a site that has not changed is not even read. One
    run reports all findings; with an error nothing is published. Users in the store are not touched.

    \b
    edgekit build
    edgekit build shop --store /srv/edge.lmdb
    edgekit build --plan
    edgekit build --json | jq -r .release
    """
    if plan:
        from edgekit.cli.planning import show_plan  # a build of an unchanged site does without the compiler

        show_plan(output, site, store, clock)
        return
    with output.progress("compiling") as progress:
        built = build_site(site, store, clock=clock, jobs=jobs, wait=wait, yes=yes, verify=verify, progress=progress)
    output.warnings(built.warnings)
    for namespace, counts in built.published.changes.items():
        output.detail(f"{namespace}: {counts.added} added, {counts.changed} changed, {counts.removed} removed")
    numbers = {"page": built.pages, "fragment": built.fragments, "asset": built.assets}
    amounts = ", ".join(format_amount(count, noun) for noun, count in numbers.items())
    output.report(
        built.fields(),
        built.summary(
            f"published {built.published.release} to {built.store}: {amounts} in {built.seconds:.1f} s "
            f"({_count_rendered(built.rendered, built.total)})"
        ),
    )


def _count_rendered(rendered: int | None, total: int) -> str:
    return "all rendered" if rendered == total else f"{rendered} of {total} rendered"

"""`edgekit build`: compile a site and publish it."""

from datetime import datetime
from pathlib import Path

import click

from edgekit.cli.building import build_site
from edgekit.cli.options import clock_option, output_options, site_argument, store_option, wait_option
from edgekit.cli.output import Output
from edgekit.cli.places import site_folder
from edgekit.diagnostics.text import format_amount


@click.command
@site_argument
@store_option
@clock_option
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes to compile in [default: as needed].")
@wait_option
@click.option("--watch", is_flag=True, help="Build again after every change, until Ctrl-C.")
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
    watch: bool,
    yes: bool,
) -> None:
    """Compile SITE and publish it to the store.

    SITE is a folder with an edgekit.toml; without it the current folder, else ./site. All pages are compiled, so one
    run reports all findings; with an error nothing is published. Users in the store are not touched. A site that has
    not changed since the store's current release was built is not compiled again.

    With --watch every change of what a build reads leads to another one, with a line each (with --json an object that
    also has the files that `changed`). A build that fails publishes nothing, and the next change mends it.

    \b
    edgekit build
    edgekit build shop --store /srv/edge.lmdb
    edgekit build --watch
    edgekit build --json | jq -r .release
    """
    if watch:
        from edgekit.cli.watching import watch_site  # here, for nothing else needs what it loads

        folder = site_folder(site)
        watch_site(
            output,
            folder,
            store,
            lambda progress: build_site(folder, store, clock=clock, jobs=jobs, wait=True, yes=yes, progress=progress),
        )
        return
    with output.progress("compiling") as progress:
        built = build_site(site, store, clock=clock, jobs=jobs, wait=wait, yes=yes, progress=progress)
    output.warnings(built.warnings)
    for namespace, counts in built.published.changes.items():
        output.detail(f"{namespace}: {counts.added} added, {counts.changed} changed, {counts.removed} removed")
    numbers = {"page": built.pages, "fragment": built.fragments, "asset": built.assets}
    amounts = ", ".join(format_amount(count, noun) for noun, count in numbers.items())
    output.report(
        built.fields(),
        built.summary(
            f"published {built.published.release} to {built.store}: {amounts} in {built.seconds:.1f} s",
        ),
    )

"""`edgekit build`: compile a site and publish it."""

from datetime import datetime
from functools import partial
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
    watch: bool,
    plan: bool,
    verify: bool,
    yes: bool,
) -> None:
    """Compile SITE and publish it to the store.

    SITE is a folder with an edgekit.toml; without it the current folder, else ./site. Pages that cannot have changed
    since the last build into the store are not rendered again, and a site that has not changed is not even read. One
    run reports all findings; with an error nothing is published. Users in the store are not touched.

    With --watch every change of what a build reads leads to another one, with a line each (with --json an object that
    also has the files that `changed`). A build that fails publishes nothing, and the next change mends it.

    \b
    edgekit build
    edgekit build shop --store /srv/edge.lmdb
    edgekit build --watch
    edgekit build --plan
    edgekit build --json | jq -r .release
    """
    if plan:
        if watch or verify:
            raise click.UsageError("--plan builds nothing: it goes with neither --watch nor --verify.")
        from edgekit.cli.planning import show_plan  # a build of an unchanged site does without the compiler

        show_plan(output, site, store, clock)
        return
    build = partial(build_site, store=store, clock=clock, jobs=jobs, yes=yes, verify=verify)
    if watch:
        from edgekit.cli.watching import watch_site  # here, for nothing else needs what it loads

        folder = site_folder(site)
        watch_site(output, folder, store, lambda progress: build(folder, wait=True, progress=progress))
        return
    with output.progress("compiling") as progress:
        built = build(site, wait=wait, progress=progress)
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

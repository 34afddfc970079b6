"""`edgekit check`: compile a site without publishing it."""

from datetime import datetime
from pathlib import Path

import click

from edgekit.cli.checking import Manner, check_tasks, plan_tasks
from edgekit.cli.options import clock_option, output_options, store_option
from edgekit.cli.output import Form, Output, divert_prints


@click.command
@click.argument("paths", nargs=-1, metavar="[SITE | FILES...]", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    help="How findings are printed [default: text]; `--json` is the same as `--format json`.",
)
@click.option("--prove", is_flag=True, help="Render every fragment twice, with odd values, and compare; builds do 500.")
@click.option("--strict", is_flag=True, help="Warnings count as errors: the exit status is 1.")
@store_option
@clock_option
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes to compile in [default: as needed].")
@output_options()
@click.pass_obj
def command(
    output: Output,
    paths: tuple[Path, ...],
    form: Form | None,
    prove: bool,
    strict: bool,
    store: Path | None,
    clock: datetime | None,
    jobs: int | None,
) -> int:
    """Compile SITE without publishing it, and print what is wrong.

    SITE is a folder with an edgekit.toml; without it the current folder, else ./site. The exit status is 1 if there
    is an error, so it can stand in a pre-commit hook or a CI job. Warnings, such as a link that nothing answers, leave
    it 0 unless --strict is given.

    With FILES of a site, or of several, only the pages that depend on them are checked; files of no site are ignored.
    The store of the last build tells which pages these are, so that others need not be compiled to know.

    \b
    edgekit check
    edgekit check shop --format json
    edgekit check site/templates/layout.html site/data/products.json
    edgekit check --format sarif > edgekit.sarif
    edgekit check --prove --strict
    """
    output.form = form or output.form
    with divert_prints(), output.progress("checking") as progress:
        manner = Manner(store, clock, jobs, prove, progress, output.detail)
        results = check_tasks(plan_tasks(paths), manner)
    found = [diagnostic for checked in results for diagnostic in checked.diagnostics]
    failed = any(diagnostic.severity == "error" for diagnostic in found)
    if output.form != "text" or found:
        output.diagnostics(found, asked=True)
    if not failed and output.form == "text" and not output.quiet:
        output.line("no errors: " + ("; ".join(checked.scope for checked in results) or "the files are of no site"))
    return 1 if failed or (strict and found) else 0

"""`edgekit check`: compile a site without publishing it."""

from datetime import datetime
from pathlib import Path

import click

from edgekit.cli.options import clock_option, output_options, site_argument
from edgekit.cli.output import Form, Output, divert_prints
from edgekit.cli.places import site_folder
from edgekit.compiler.build import compile_site
from edgekit.project.load import load_site


@click.command
@site_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    help="How findings are printed [default: text]; `--json` is the same as `--format json`.",
)
@click.option("--prove", is_flag=True, help="Render every fragment twice, with odd values, and compare; builds do 500.")
@click.option("--strict", is_flag=True, help="Warnings count as errors: the exit status is 1.")
@clock_option
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes to compile in [default: as needed].")
@output_options()
@click.pass_obj
def command(
    output: Output,
    site: Path | None,
    form: Form | None,
    prove: bool,
    strict: bool,
    clock: datetime | None,
    jobs: int | None,
) -> int:
    """Compile SITE without publishing it, and print what is wrong.

    SITE is a folder with an edgekit.toml; without it the current folder, else ./site. The exit status is 1 if there
    is an error, so it can stand in a pre-commit hook or a CI job. Warnings, such as a link that nothing answers, leave
    it 0 unless --strict is given.

    \b
    edgekit check
    edgekit check shop --format json
    edgekit check --format sarif > edgekit.sarif
    edgekit check --prove --strict
    """
    output.form = form or output.form
    with divert_prints(), output.progress("checking") as progress:
        loaded = load_site(site_folder(site), build_time=clock)
        result = compile_site(loaded, lambda fragment: None, jobs=jobs, prove=prove, progress=progress)
    if output.form != "text" or result.diagnostics:
        output.diagnostics(result.diagnostics, asked=True)
    if result.pack is None or (strict and result.diagnostics):
        return 1
    if output.form == "text" and not output.quiet:
        output.line(f"no errors: {len(loaded.pages)} pages, {len(loaded.tiers)} tiers, {len(loaded.slots)} slots")
    return 0

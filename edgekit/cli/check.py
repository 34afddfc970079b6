"""`edgekit check`: compile a site without publishing it."""

from datetime import datetime
from pathlib import Path

import click

from edgekit.cli.live import DEFAULT_PAGES, ask_site
from edgekit.cli.options import clock_option, output_options, site_argument, store_option
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
@click.option("--live", metavar="URL", help="Ask the running site at URL, and say what is cached wrongly.")
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="ID[=HEADER: VALUE]",
    help="With --live: one of two users, and the header by which the site knows them [default: two of the store].",
)
@click.option("--pages", type=click.IntRange(1, 10_000), metavar="N", help="With --live: pages at most [default: 20].")
@store_option
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
    live: str | None,
    users: tuple[str, ...],
    pages: int | None,
    store: Path | None,
) -> int:
    """Compile SITE without publishing it, and print what is wrong.

    SITE is a folder with an edgekit.toml; without it the current folder, else ./site. The exit status is 1 if there
    is an error, so it can stand in a pre-commit hook or a CI job. Warnings, such as a link that nothing answers, leave
    it 0 unless --strict is given.

    With --live nothing is compiled. The site at URL is asked, through whatever stands in front of it, for a sample of
    the pages in the store's release: as two users and as a guest, twice each and in both orders. The store says what
    each of them must get. A header of --user is as the browser sends it; without one the identity header has the id.

    \b
    edgekit check
    edgekit check shop --format json
    edgekit check --format sarif > edgekit.sarif
    edgekit check --prove --strict
    edgekit check --live http://127.0.0.1:1818 --user u1 --user u2
    edgekit check --live https://shop.example \\
      --user 'u1=cookie: session=a1' --user 'u2=cookie: session=b2'
    """
    output.form = form or output.form
    if live is not None:
        return ask_site(output, live, site, store, users, pages or DEFAULT_PAGES, strict=strict)
    if users or pages is not None:
        raise click.UsageError("--user and --pages are for --live URL.")
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

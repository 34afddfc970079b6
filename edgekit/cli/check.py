"""`edgekit check`: compile a site without publishing it."""

from datetime import datetime
from pathlib import Path

import click

from edgekit.cli.checking import Manner, check_tasks, plan_tasks
from edgekit.cli.live import DEFAULT_PAGES, ask_site
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
@click.option("--live", metavar="URL", help="Ask the running site at URL, and say what is cached wrongly.")
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="ID[=HEADER: VALUE]",
    help="With --live: one of two users, and the header by which the site knows them [default: two of the store].",
)
@click.option("--pages", type=click.IntRange(1, 10_000), metavar="N", help="With --live: pages at most [default: 20].")
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
    live: str | None,
    users: tuple[str, ...],
    pages: int | None,
) -> int:
    """Compile SITE without publishing it, and print what is wrong.

    SITE is a folder with an edgekit.toml; without it the current folder, else ./site. The exit status is 1 if there
    is an error, so it can stand in a pre-commit hook or a CI job. Warnings, such as a link that nothing answers, leave
    it 0 unless --strict is given.

    With --live nothing is compiled. The site at URL is asked, through whatever stands in front of it, for a sample of
    the pages in the store's release: as two users and as a guest, twice each and in both orders. The store says what
    each of them must get. A header of --user is as the browser sends it; without one the identity header has the id.

    With FILES of a site, or of several, only the pages that depend on them are checked; files of no site are ignored.
    The store of the last build tells which pages these are, so that others need not be compiled to know.

    \b
    edgekit check
    edgekit check shop --format json
    edgekit check site/templates/layout.html site/data/products.json
    edgekit check --format sarif > edgekit.sarif
    edgekit check --prove --strict
    edgekit check --live http://127.0.0.1:1818 --user u1 --user u2
    edgekit check --live https://shop.example \\
      --user 'u1=cookie: session=a1' --user 'u2=cookie: session=b2'
    """
    output.form = form or output.form
    if live is not None:
        if len(paths) > 1:
            raise click.UsageError("--live asks one site.")
        return ask_site(output, live, paths[0] if paths else None, store, users, pages or DEFAULT_PAGES, strict=strict)
    if users or pages is not None:
        raise click.UsageError("--user and --pages are for --live URL.")
    with divert_prints(), output.progress("checking") as progress:
        manner = Manner(store, clock, jobs, prove, progress, output.detail)
        results = check_tasks(plan_tasks(paths), manner)
    found = [diagnostic for checked in results for diagnostic in checked.diagnostics]
    failed = any(diagnostic.severity == "error" for diagnostic in found)
    if output.form != "text" or found:
        output.diagnostics(found, asked=True)
    failed = failed or (strict and bool(found))
    if not failed and output.form == "text" and not output.quiet:
        scopes = [checked.scope if len(results) == 1 else f"{checked.site}: {checked.scope}" for checked in results]
        output.line("no errors: " + ("; ".join(scopes) or "the files are of no site"))
    return 1 if failed else 0

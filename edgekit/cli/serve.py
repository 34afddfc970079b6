"""`edgekit serve`: build if needed, and answer requests."""

import os
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from edgekit.cli.bad_day import build_faults, describe_faults, read_fault, read_late, read_latency
from edgekit.cli.building import build_site
from edgekit.cli.duration import read_duration
from edgekit.cli.options import clock_option, output_options, site_argument, store_option
from edgekit.cli.output import Output
from edgekit.cli.places import find_site, find_store, site_folder
from edgekit.cli.start import announce, import_sample, read_identity
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError
from edgekit.diagnostics.text import format_amount
from edgekit.kv.events import MAX_LAG
from edgekit.project.identity import INSECURE, INSECURE_HELP
from edgekit.project.sample import SAMPLE_USERS
from edgekit.replay.identity.demands import find_unmet
from edgekit.replay.options import Options
from edgekit.replay.port import DEFAULT_PORT, find_port
from edgekit.replay.secrets import read_secrets
from edgekit.replay.server import serve


@click.command
@site_argument
@store_option
@clock_option
@click.option("--host", default="127.0.0.1", show_default=True, metavar="H", help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=DEFAULT_PORT, show_default=True, metavar="P", help="0: any."
)
@click.option("--strict-port", is_flag=True, help="Fail if the port is in use, instead of taking one of the next nine.")
@click.option("--watch", is_flag=True, help="Build after every change, and reload open pages that it changed.")
@click.option(
    "--fault",
    multiple=True,
    callback=read_fault,
    metavar="NAME=VALUE",
    help="kv-read=0.01: one in a hundred look-ups fails. cpu=60ms: each answer takes that much CPU more.",
)
@click.option(
    "--latency", multiple=True, callback=read_latency, metavar="kv=TIME", help="How long each look-up takes: kv=15ms."
)
@click.option(
    "--cold-start",
    callback=read_late,
    metavar="TIME",
    help="How long each worker takes to start once its first request has come, such as 100ms.",
)
@click.option(
    "--lag",
    callback=read_duration(MAX_LAG),
    metavar="TIME",
    help="Show what webhooks and signals change only after this time, such as 60s.",
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, metavar="N", help="Processes.")
@click.option("--production", is_flag=True, help="Start only if nobody can be another user; import no sample users.")
@output_options(json=False)
@click.pass_obj
def command(
    output: Output,
    site: Path | None,
    store: Path | None,
    clock: datetime | None,
    host: str,
    port: int,
    strict_port: bool,
    watch: bool,
    fault: dict[str, float],
    latency: dict[str, float],
    cold_start: float,
    lag: float,
    workers: int,
    production: bool,
) -> None:
    """Build SITE, and answer requests from its store until Ctrl-C.

    SITE is a folder with an edgekit.toml; without it the current folder, else ./site. Where there is no site the store
    alone is served. If the store has no users, those of SITE/users.jsonl are imported. This is for development; behind
    a proxy on the internet it needs --production, and docs/identity.md says what that asks for.

    With --watch every change of the site leads to another build. Open pages that it changed reload by themselves, and
    show what is wrong when the site does not compile; meanwhile the last build that succeeded is served.

    With --fault, --latency and --cold-start it is a bad day at the edge; docs/bad-days.md tells what is answered then.

    With EDGEKIT_WEBHOOK_SECRET or EDGEKIT_ADMIN_TOKEN in the environment, and without --watch, other programs may
    change users meanwhile, by webhooks or signals; docs/events.md tells how. `edgekit tail` shows what it answers;
    docs/operating.md tells of metrics and health. docs/cli.md lists the environment's variables.

    \b
    edgekit serve
    edgekit serve --watch
    edgekit serve --fault kv-read=0.01 --latency kv=15ms
    edgekit serve shop --port 8000
    edgekit serve --production --workers 4
    curl -H 'x-user-id: u1' http://127.0.0.1:1818/
    """
    secrets = read_secrets(os.environ)
    faults = build_faults(fault, latency, cold_start)
    options = Options(workers=workers, production=production, secrets=secrets, lag=lag, faults=faults)
    if watch:
        if workers != 1:
            raise click.UsageError("--watch goes with one worker.")
        if faults:
            raise click.UsageError("--watch goes without --fault, --latency and --cold-start.")
        if lag:
            raise click.UsageError("--watch goes without --lag: it takes no webhooks and signals.")
        if production:
            raise click.UsageError("--watch is for development.")
        from edgekit.cli.serve_watched import serve_watched  # here, for nothing else needs what it loads

        serve_watched(output, site_folder(site), store, clock, host, port, strict_port, options)
        return
    found = site or find_site()
    if found is None and ((path := find_store(store)).exists() or store is not None):
        identity = read_identity(path)
        output.note(f"no site here: answering from {path} alone")
        if identity.insecure:  # which else the build says
            output.warnings([Diagnostic(code="EK155", message=INSECURE, help=INSECURE_HELP, severity="warning")])
    else:
        with output.progress("compiling") as progress:
            built = build_site(found, store, clock=clock, wait=True, progress=progress)
        output.warnings(built.warnings)
        output.note(built.summary(f"built {format_amount(built.pages, 'page')} in {built.seconds:.1f} s"))
        path = built.store
        if not production:
            import_sample(output, path, built.root / SAMPLE_USERS)
    unmet = find_unmet(read_identity(path), secrets, production=production)
    if unmet:
        raise EdgekitError([Diagnostic(code="EK460", message=demand.what, help=demand.help) for demand in unmet])
    free = find_port(host, port, strict_port)
    if faults:
        output.note(describe_faults(faults))
    serve(path, host, free, options, partial(announce, output, host, free))

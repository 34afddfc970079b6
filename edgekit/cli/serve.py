"""`edgekit serve`: build if needed, and answer requests."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from edgekit.cli.building import Built, build_site
from edgekit.cli.options import clock_option, output_options, site_argument, store_option
from edgekit.cli.output import Output
from edgekit.cli.places import find_site, find_store, site_folder, store_file
from edgekit.cli.watching import watch_site
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError
from edgekit.kv.releases import current_manifest
from edgekit.kv.store import open_store
from edgekit.kv.user_import import import_users
from edgekit.kv.users import count_users
from edgekit.model.expiry import NEVER
from edgekit.model.manifest import Identity
from edgekit.project.config import read_store
from edgekit.project.identity import INSECURE, INSECURE_HELP
from edgekit.project.load import site_root
from edgekit.project.sample import SAMPLE_USERS
from edgekit.replay.identity.demands import find_unmet
from edgekit.replay.identity.secrets import Secrets, read_secrets
from edgekit.replay.options import Options
from edgekit.replay.port import DEFAULT_PORT, find_port
from edgekit.replay.server import serve
from edgekit.watch.news import build_news
from edgekit.watch.rounds import Round
from edgekit.watch.server import WatchServer


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
    workers: int,
    production: bool,
) -> None:
    """Build SITE, and answer requests from its store until Ctrl-C.

    SITE is a folder with an edgekit.toml; without it the current folder, else ./site. Where there is no site the store
    alone is served. If the store has no users, those of SITE/users.jsonl are imported. This is for development; behind
    a proxy on the internet it needs --production, and docs/identity.md says what that asks for.

    With --watch every change of the site leads to another build. Open pages that it changed reload by themselves, and
    show what is wrong when the site does not compile; meanwhile the last build that succeeded is served.

    \b
    edgekit serve
    edgekit serve --watch
    edgekit serve shop --port 8000
    edgekit serve --production --workers 4
    curl -H 'x-user-id: u1' http://127.0.0.1:1818/
    """
    if watch:
        if workers != 1:
            raise click.UsageError("--watch goes with one worker.")
        if production:
            raise click.UsageError("--watch is for development.")
        _serve_watched(output, site_folder(site), store, clock, host, port, strict_port)
        return
    found = site or find_site()
    if found is None and (path := find_store(store)).exists():
        output.note(f"no site here: answering from {path} alone")
        _warn_of_identity(output, path)
    else:
        with output.progress("compiling") as progress:
            built = build_site(found, store, clock=clock, wait=True, progress=progress)
        output.warnings(built.warnings)
        output.note(f"built {built.pages} pages in {built.seconds:.1f} s")
        path = built.store
        if not production:
            _import_sample(output, path, built.site.root / SAMPLE_USERS)
    secrets = read_secrets(os.environ)
    _check_identity(path, secrets, production)
    free = find_port(host, port, strict_port)
    serve(path, host, free, Options(workers, production, secrets), partial(_announce, output, host, free))


def _warn_of_identity(output: Output, store: Path) -> None:
    """What the build of a site says of it, where there is none."""
    if (identity := _read_identity(store)) and identity.insecure:
        output.warnings([Diagnostic(code="EK155", message=INSECURE, help=INSECURE_HELP, severity="warning")])


def _read_identity(store: Path) -> Identity | None:
    """None if nothing is published, which the server says."""
    with open_store(store) as opened, opened.snapshot() as snapshot:
        manifest = current_manifest(snapshot)
    return manifest.identity if manifest else None


def _check_identity(store: Path, secrets: Secrets, production: bool) -> None:
    """Raises EK460 with everything that is missing."""
    identity = _read_identity(store)
    unmet = find_unmet(identity, secrets, production=production) if identity else ()
    if unmet:
        raise EdgekitError([Diagnostic(code="EK460", message=demand.what, help=demand.help) for demand in unmet])


def _announce(output: Output, host: str, port: int) -> None:
    address = f"[{host}]" if ":" in host else host
    output.line(f"http://{address}:{port}")
    output.flush()


def _serve_watched(
    output: Output, folder: Path, store: Path | None, clock: datetime | None, host: str, port: int, strict_port: bool
) -> None:
    root = site_root(folder)
    known = _find_known_store(root, store)
    free = find_port(host, port, strict_port)
    secrets = read_secrets(os.environ)

    def build(progress: Callable[[int, int], None]) -> Built:
        # `yes`: another branch may well have fewer pages, and this store is one for development.
        return build_site(root, store, clock=clock, wait=True, yes=True, progress=progress)

    def tell(round: Round[Built]) -> None:
        nonlocal known
        if round.built is not None:
            known = round.built.store
            _import_sample(output, known, root / SAMPLE_USERS)
            for demand in find_unmet(round.built.site.identity, secrets, production=False):
                output.note(f"warning: {demand.what}; until then everybody is a guest")
        server.tell(build_news(known, round.error.diagnostics if round.error else (), os.getcwd()))

    with WatchServer(host, free, secrets, partial(_announce, output, host, free)) as server:
        watch_site(output, root, store, build, tell, server.check)


def _find_known_store(root: Path, store: Path | None) -> Path | None:
    """Where the last build was published, if the site's configuration can still be read."""
    try:
        return store_file(store, read_store(root))
    except EdgekitError:
        return store


def _import_sample(output: Output, store: Path, file: Path) -> None:
    with open_store(store) as opened:
        if not file.exists() or count_users(opened):
            return
        with file.open("rb") as stream:
            imported = import_users(opened, stream, "jsonl", file=str(file), expires=NEVER)
    output.note(f"imported {imported.imported} sample users from {file.name}")

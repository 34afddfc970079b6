"""`edgekit serve`: build if needed, and answer requests."""

from datetime import datetime
from pathlib import Path

import click

from edgekit.cli.building import build_site
from edgekit.cli.options import clock_option, output_options, site_argument, store_option
from edgekit.cli.output import Output
from edgekit.cli.places import find_site, find_store
from edgekit.diagnostics.text import format_amount
from edgekit.kv.store import open_store
from edgekit.kv.user_import import import_users
from edgekit.kv.users import count_users
from edgekit.model.expiry import NEVER
from edgekit.project.sample import SAMPLE_USERS
from edgekit.replay.port import DEFAULT_PORT, find_port
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
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, metavar="N", help="Processes.")
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
    workers: int,
) -> None:
    """Build SITE, and answer requests from its store until Ctrl-C.

    SITE is a folder with an edgekit.toml; without it the current folder, else ./site. Where there is no site the store
    alone is served. If the store has no users, those of SITE/users.jsonl are imported. This is for development.

    \b
    edgekit serve
    edgekit serve shop --port 8000
    curl -H 'x-user-id: u1' http://127.0.0.1:1818/
    """
    found = site or find_site()
    if found is None and (path := find_store(store)).exists():
        output.note(f"no site here: answering from {path} alone")
    else:
        with output.progress("compiling") as progress:
            built = build_site(found, store, clock=clock, wait=True, progress=progress)
        output.warnings(built.warnings)
        output.note(built.summary(f"built {format_amount(built.pages, 'page')} in {built.seconds:.1f} s"))
        path = built.store
        _import_sample(output, path, built.root / SAMPLE_USERS)
    free = find_port(host, port, strict_port)
    address = f"[{host}]" if ":" in host else host

    def announce() -> None:
        output.line(f"http://{address}:{free}")
        output.flush()

    serve(path, host, free, workers, announce)


def _import_sample(output: Output, store: Path, file: Path) -> None:
    with open_store(store) as opened:
        if not file.exists() or count_users(opened):
            return
        with file.open("rb") as stream:
            imported = import_users(opened, stream, "jsonl", file=str(file), expires=NEVER)
    output.note(f"imported {format_amount(imported.imported, 'sample user')} from {file.name}")

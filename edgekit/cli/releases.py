"""`edgekit releases`: published builds, and back to an earlier one."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from edgekit.cli.options import Commands, output_options, store_option
from edgekit.cli.output import Output
from edgekit.cli.places import find_store
from edgekit.kv.releases import list_releases, rollback
from edgekit.kv.store import open_store


@click.group(cls=Commands)
def command() -> None:
    """Published builds: list them, and roll back to an earlier one.

    \b
    edgekit releases list
    edgekit releases rollback
    """


@command.command("list")
@store_option
@output_options()
@click.pass_obj
def list_(output: Output, store: Path | None) -> None:
    """List the releases in the store, the last published first; `*` marks the current one.

    \b
    edgekit releases list
    edgekit releases list --json | jq -r '.releases[].release'
    """
    with open_store(find_store(store)) as opened:
        releases = list_releases(opened)
    published = {entry.release: datetime.fromtimestamp(entry.published, UTC) for entry in releases}
    if output.json:
        output.object(
            {
                "releases": [
                    {
                        "release": entry.release,
                        "published": published[entry.release].isoformat(timespec="seconds").replace("+00:00", "Z"),
                        "current": entry.current,
                    }
                    for entry in releases
                ]
            }
        )
        return
    for entry in releases:
        mark = "*" if entry.current else " "
        output.line(f"{mark} {entry.release}  {published[entry.release]:%Y-%m-%d %H:%M:%S} UTC")
    if not releases:
        output.note("the store holds no release; `edgekit build` publishes one")


@command.command("rollback")
@click.argument("release", required=False)
@store_option
@output_options()
@click.pass_obj
def rollback_(output: Output, release: str | None, store: Path | None) -> None:
    """Make RELEASE current again (a digest or the beginning of one); without it the one before the current.

    A running server answers from it at its next request. Users and live edits stay as they are.

    \b
    edgekit releases rollback
    edgekit releases rollback 3f2a1b9c
    """
    with open_store(find_store(store)) as opened:
        published = rollback(opened, release, time.time())
    output.report(
        {"release": published.release, "previous": published.previous},
        f"the current release is {published.release} (it was {published.previous})",
    )

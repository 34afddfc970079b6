"""`edgekit releases`: published builds, back to an earlier one, away with old ones, and to other machines."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from edgekit.cli.input_file import open_input
from edgekit.cli.options import Commands, output_options, store_option, wait_option
from edgekit.cli.output import Output
from edgekit.cli.places import find_keep_releases, find_store
from edgekit.cli.release_file import writing_release
from edgekit.cli.removal import check_removal
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.diagnostics.text import format_amount
from edgekit.kv.compact import compact
from edgekit.kv.lock import build_lock
from edgekit.kv.prune import Pruned, prune
from edgekit.kv.releases import list_releases, rollback
from edgekit.kv.store import open_store
from edgekit.kv.transfer import export_release, import_release
from edgekit.project.config import MAX_KEPT_RELEASES

_INPUT_HELP: Final = "name a file that `edgekit releases export` wrote, or `-` for standard input"


@click.group(cls=Commands)
def command() -> None:
    """Published builds: list them, roll back to an earlier one, remove old ones, move one to another machine.

    \b
    edgekit releases list
    edgekit releases rollback
    edgekit releases prune
    edgekit releases export - | ssh web1 edgekit releases import -
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
                        "pages": entry.pages,
                    }
                    for entry in releases
                ]
            }
        )
        return
    for entry in releases:
        mark = "*" if entry.current else " "
        pages = "damaged" if entry.pages is None else format_amount(entry.pages, "page")
        output.line(f"{mark} {entry.release}  {published[entry.release]:%Y-%m-%d %H:%M:%S} UTC  {pages}")
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


@command.command("prune")
@click.option(
    "--keep",
    type=click.IntRange(1, MAX_KEPT_RELEASES),
    metavar="N",
    help="How many releases stay [default: `[build] keep_releases`, 5].",
)
@click.option("--compact", "compacts", is_flag=True, help="Make the file smaller, too; nothing else may have it open.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@wait_option
@store_option
@output_options()
@click.pass_obj
def prune_(output: Output, keep: int | None, compacts: bool, dry_run: bool, wait: bool, store: Path | None) -> None:
    """Remove all releases but the last published ones, and what no other release needs.

    The current release stays, however old it is; users and live edits do, too. The next builds use the space that is
    freed. With `--compact` the file gets smaller, and nothing of what was deleted is left in it; for that, stop what
    serves from the store.

    \b
    edgekit releases prune
    edgekit releases prune --keep 2 --dry-run
    edgekit releases prune --compact
    """
    if compacts and dry_run:
        raise click.UsageError("--compact and --dry-run exclude each other.")
    keep = keep or find_keep_releases()
    path = find_store(store)
    with open_store(path):
        pass  # a store that is not there gets no lock file
    with build_lock(path, wait):
        with open_store(path) as opened, output.progress("pruning") as progress:
            pruned = prune(opened, keep, dry_run=dry_run, progress=progress)
        try:
            compacted = compact(path) if compacts else None
        except EdgekitError:
            output.note(_describe(pruned, dry_run))
            raise
    fields = {
        "removed": list(pruned.releases),
        "assets": pruned.assets,
        "bodies": pruned.bodies,
        "bytes": pruned.bytes,
        "dry_run": dry_run,
    }
    lines = [_describe(pruned, dry_run)]
    if compacted is not None:
        fields["file"] = {"before": compacted.before, "after": compacted.after}
        lines.append(f"the file has {compacted.after:,} bytes; it had {compacted.before:,}")
    elif pruned.bytes and not dry_run:
        lines.append("the next builds use the space; `--compact` gives it back")
    output.report(fields, "\n".join(lines))


def _describe(pruned: Pruned, dry_run: bool) -> str:
    if not pruned.bytes:
        return "nothing to remove"
    verb = "would remove" if dry_run else "removed"
    releases = "1 release" if len(pruned.releases) == 1 else f"{len(pruned.releases)} releases"
    return f"{verb} {releases}, {pruned.bodies:,} bodies and {pruned.assets:,} assets: {pruned.bytes:,} bytes"


@command.command
@click.argument("file", metavar="FILE")
@click.option("--release", metavar="RELEASE", help="A digest or the beginning of one [default: the current release].")
@store_option
@output_options()
@click.pass_obj
def export(output: Output, file: str, release: str | None, store: Path | None) -> None:
    """Write a release to FILE, or to standard output if it is `-`: all its pages and assets, no users.

    \b
    edgekit releases export release.edgekit
    edgekit releases export - | ssh web1 edgekit releases import -
    edgekit releases export old.edgekit --release 3f2a1b9c
    """
    if file == "-" and (output.json or sys.stdout.isatty()):
        raise click.UsageError("the release itself goes to standard output: it goes there alone, and to no terminal.")
    with open_store(find_store(store)) as opened, output.progress("exporting") as progress:
        if file == "-":
            exported = export_release(opened, release, output.data, progress)
            output.flush()
        else:
            with writing_release(Path(file)) as stream:
                exported = export_release(opened, release, stream.write, progress)
    text = f"exported {exported.release}: {exported.bodies:,} bodies, {exported.bytes:,} bytes"
    if file == "-":
        output.note(text)
    else:
        output.report(
            {"release": exported.release, "bodies": exported.bodies, "bytes": exported.bytes, "file": file},
            f"{text} in {file}",
        )


@command.command("import")
@click.argument("file", metavar="FILE")
@click.option("--yes", is_flag=True, help="Publish even if more than 30 % of the pages would go.")
@wait_option
@store_option
@output_options()
@click.pass_obj
def import_(output: Output, file: str, yes: bool, wait: bool, store: Path | None) -> None:
    """Publish the release in FILE, or in standard input if it is `-`, as a build would; a missing store is made.

    A running server answers from it at its next request. Users and live edits stay as they are, but for live fields
    whose value in the site's files is another now. A file that is damaged or cut off changes nothing.

    \b
    edgekit releases import release.edgekit
    ssh builder edgekit releases export - | edgekit releases import -
    """
    path = find_store(store)
    with (
        open_input(file, _INPUT_HELP) as stream,
        build_lock(path, wait),
        open_store(path, create=True) as opened,
        output.progress("importing") as progress,
    ):
        published = import_release(
            opened,
            stream,
            file=file,
            now=time.time(),
            check=lambda pack: check_removal(opened, pack, yes=yes),
            progress=progress,
        )
    output.report(
        {"release": published.release, "previous": published.previous, "store": str(path)},
        f"published {published.release} to {path}",
    )

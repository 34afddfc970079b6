"""`edgekit users`: the users' records in the store."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from edgekit.cli.input_file import open_input
from edgekit.cli.options import Commands, output_options, store_option
from edgekit.cli.output import Output
from edgekit.cli.places import find_store
from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.diagnostics.json import build_json
from edgekit.diagnostics.text import format_amount
from edgekit.kv.record import expiry
from edgekit.kv.releases import current_manifest
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.unknown_tiers import UnknownTiers
from edgekit.kv.user_import import UserFormat, import_users
from edgekit.kv.users import count_users_by, delete_user, export_users, get_user, put_user
from edgekit.model.expiry import is_expired
from edgekit.model.manifest import Manifest, Ttl

_INPUT_HELP: Final = "name a file of JSON lines or CSV, or `-` for standard input"


@click.group(cls=Commands)
def command() -> None:
    """The users' records: what a page prints of `user.*`, and everybody's tier.

    \b
    edgekit users import users.jsonl
    edgekit users put u1 '{"tier": "premium", "name": "Ada"}'
    edgekit users stats --by tier
    """


@command.command("import")
@click.argument("file", metavar="FILE")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), help="[default: by FILE's ending, else jsonl]")
@click.option("--skip-bad", is_flag=True, help="Leave out bad lines, and import the rest.")
@store_option
@output_options()
@click.pass_obj
def import_(output: Output, file: str, form: UserFormat | None, skip_bad: bool, store: Path | None) -> None:
    """Import users from FILE, or from standard input if it is `-`: JSON lines or CSV, each with an `id`.

    A line is a user's whole record and replaces the one in the store. Nothing is imported if a line is bad, unless
    `--skip-bad`. Records expire after `[kv.ttl] user` seconds.

    \b
    edgekit users import users.jsonl
    edgekit users import customers.csv --skip-bad
    zcat users.jsonl.gz | edgekit users import -
    """
    form = form or ("csv" if file.endswith(".csv") else "jsonl")
    with (
        open_store(find_store(store)) as opened,
        open_input(file, _INPUT_HELP) as stream,
        output.progress("importing") as progress,
    ):
        manifest = _manifest(opened)
        imported = import_users(
            opened,
            stream,
            form,
            file=file,
            expires=_expiry(manifest),
            integers=_integer_fields(manifest),
            manifest=manifest,
            skip_bad=skip_bad,
            progress=lambda lines: progress(lines, lines),
        )
    skipped = f", {format_amount(imported.skipped, 'bad line')} left out" if imported.skipped else ""
    output.report(
        {
            "imported": imported.imported,
            "skipped": imported.skipped,
            **build_json(imported.findings, str(Path.cwd())),
        },
        f"imported {format_amount(imported.imported, 'user')}{skipped}",
    )
    if imported.findings and not output.json and not output.quiet:
        output.diagnostics(imported.findings)


@command.command
@click.argument("id")
@store_option
@output_options()
@click.pass_obj
def get(output: Output, id: str, store: Path | None) -> None:
    """Print a user's record as JSON. If it has expired, that is said, too.

    \b
    edgekit users get u1
    """
    with open_store(find_store(store)) as opened:
        user = get_user(opened, id)
    if user is None:
        raise _no_user(id)
    record = {"id": user.id, **user.record}
    if output.json:
        output.object({"user": record, "expires": user.expires or None})
    else:
        output.line(json.dumps(record, ensure_ascii=False))
        if is_expired(user.expires, time.time()):
            moment = datetime.fromtimestamp(user.expires, UTC)
            output.note(f"it expired on {moment:%Y-%m-%d at %H:%M:%S} UTC, so pages are shown as to a guest")


@command.command
@click.argument("id")
@click.argument("record", metavar="JSON")
@store_option
@output_options(json=False)
@click.pass_obj
def put(output: Output, id: str, record: str, store: Path | None) -> None:
    """Replace a user's whole record by a JSON object.

    \b
    edgekit users put u1 '{"tier": "premium", "name": "Ada"}'
    """
    with open_store(find_store(store)) as opened:
        manifest = _manifest(opened)
        unknown = UnknownTiers(manifest)
        raw = record.encode(errors="surrogateescape")
        unknown.add(id, put_user(opened, id, raw, _expiry(manifest), time.time()))
    output.note(f"put user {id}")
    output.warnings(unknown.warnings())


@command.command
@click.argument("id")
@store_option
@output_options(json=False)
@click.pass_obj
def delete(output: Output, id: str, store: Path | None) -> None:
    """Delete a user's record: to pages the user is a guest with an id from then on.

    \b
    edgekit users delete u1
    """
    with open_store(find_store(store)) as opened:
        if not delete_user(opened, id, time.time()):
            raise _no_user(id)
    output.note(f"deleted user {id}")


@command.command
@store_option
@output_options(json=False)
@click.pass_obj
def export(output: Output, store: Path | None) -> None:
    """Print all users as JSON lines, as `import` reads them; expired ones are left out.

    \b
    edgekit users export > users.jsonl
    """
    with open_store(find_store(store)) as opened:
        for line in export_users(opened, time.time()):
            output.data(line)


@command.command
@click.option("--by", "fields", metavar="FIELD,…", default="tier", show_default=True, help="Fields to count by.")
@store_option
@output_options()
@click.pass_obj
def stats(output: Output, fields: str, store: Path | None) -> None:
    """Count users by the values of fields.

    \b
    edgekit users stats
    edgekit users stats --by tier,region
    """
    names = [name.strip() for name in fields.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise click.BadParameter(f"{fields!r} is not a list of different fields.", param_hint="--by")
    with open_store(find_store(store)) as opened:
        counted = count_users_by(opened, names, time.time())
    if output.json:
        output.object(
            {
                "total": counted.total,
                "expired": counted.expired,
                "damaged": counted.damaged,
                "groups": [
                    {"values": dict(zip(names, values, strict=True)), "users": users}
                    for values, users in counted.groups.items()
                ],
            }
        )
        return
    rows = [("users", *names)]
    rows += [
        (str(users), *("-" if value is None else value for value in values)) for values, users in counted.groups.items()
    ]
    output.table(rows)
    if counted.expired or counted.damaged:
        output.note(f"{counted.total} in all; {counted.expired} expired, {counted.damaged} damaged")


def _manifest(store: LmdbStore) -> Manifest | None:
    with store.snapshot() as snapshot:
        return current_manifest(snapshot)


def _expiry(manifest: Manifest | None) -> int:
    return expiry(time.time(), (manifest.ttl if manifest else Ttl()).user)


def _integer_fields(manifest: Manifest | None) -> list[str]:
    slots: list[Any] = list(manifest.slots.values()) if manifest else []
    return [slot.field for slot in slots if slot.root == "user" and slot.type == "integer"]


def _no_user(id: str) -> EdgekitError:
    return failure("EK484", f"there is no user `{id}`", help="`edgekit users export` lists all users", status=1)

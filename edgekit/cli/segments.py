"""`edgekit segments`: the live fields of a tier, changed without a build."""

import json
import time
from pathlib import Path

import click

from edgekit.cli.options import Commands, output_options, store_option
from edgekit.cli.output import Output
from edgekit.cli.places import find_store
from edgekit.diagnostics.text import escape_control
from edgekit.kv.segments import get_segment, put_segment, reset_segment
from edgekit.kv.store import LmdbStore, open_store


@click.group(cls=Commands)
def command() -> None:
    """A tier's configuration in the store, and its live fields.

    \b
    edgekit segments get free
    edgekit segments put free hero="Winter sale"
    edgekit segments reset free
    """


@command.command
@click.argument("tier")
@store_option
@output_options()
@click.pass_obj
def get(output: Output, tier: str, store: Path | None) -> None:
    """Print a tier's configuration as pages get it.

    \b
    edgekit segments get free
    edgekit segments get free --json | jq .config.hero
    """
    with open_store(find_store(store)) as opened:
        _show(output, opened, tier)


@command.command
@click.argument("tier")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True)
@store_option
@output_options()
@click.pass_obj
def put(output: Output, tier: str, values: tuple[str, ...], store: Path | None) -> None:
    """Change live fields of a tier at once, without a build; all of them or, if one is refused, none.

    A running server answers with them at its next request. They survive builds until the site's own file changes the
    same field. A field that no slot reads is frozen into the pages and is refused.

    \b
    edgekit segments put free hero="Winter sale"
    edgekit segments put vip hero="Welcome back" seats=12
    """
    edits = {}
    for value in values:
        field, equals, text = value.partition("=")
        if not equals or not field:
            raise click.BadParameter(f"{value!r} is not FIELD=VALUE.", param_hint="FIELD=VALUE")
        edits[field] = text
    with open_store(find_store(store)) as opened:
        put_segment(opened, tier, edits, time.time())
        _show(output, opened, tier)


@command.command
@click.argument("tier")
@store_option
@output_options()
@click.pass_obj
def reset(output: Output, tier: str, store: Path | None) -> None:
    """Forget a tier's live edits: what the site's file said at the last build holds again.

    \b
    edgekit segments reset free
    """
    with open_store(find_store(store)) as opened:
        reset_segment(opened, tier, time.time())
        _show(output, opened, tier)


def _show(output: Output, store: LmdbStore, tier: str) -> None:
    segment = get_segment(store, tier)
    if output.json:
        output.object(
            {"tier": tier, "config": segment.config, "edited": segment.edited, "expires": segment.expires or None}
        )
    elif not output.quiet:
        for field, value in segment.config.items():
            edit = f"  (live edit; the file has {_written(segment.edited[field])})" if field in segment.edited else ""
            output.line(f"{field} = {_written(value)}{edit}")


def _written(value: object) -> str:
    return escape_control(json.dumps(value, ensure_ascii=False))

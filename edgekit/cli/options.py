"""Options and arguments that commands share."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from edgekit.cli.output import Output
from edgekit.diagnostics.suggest import suggest
from edgekit.project.clock import parse_clock

Function = TypeVar("Function", bound=Callable[..., Any])


def output_options(*, json: bool = True) -> Callable[[Function], Function]:
    """`-q`, `-v`, `--no-color` and, where a command reports, `--json`; they set the command's `Output`."""

    def decorate(function: Function) -> Function:
        flags: list[tuple[tuple[str, ...], str, object, str]] = [
            (("-q", "--quiet"), "quiet", True, "Show errors and data only."),
            (("-v", "--verbose"), "verbose", True, "Show more of the work."),
            (("--no-color",), "color", False, "Never use colour; NO_COLOR=1 says the same."),
        ]
        if json:
            flags.insert(0, (("--json",), "form", "json", "Print one JSON object."))
        for names, attribute, value, help in reversed(flags):
            option = click.option(
                *names,
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_set_output(attribute, value),
                help=help,
            )
            function = option(function)
        return function

    return decorate


class Commands(click.Group):
    """A group of commands that knows what was most likely meant by a misspelt one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and (near := self._find_near(ctx, args[0])):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near!r}?")
        return super().resolve_command(ctx, args)

    def _find_near(self, ctx: click.Context, name: str) -> str | None:
        known = self.list_commands(ctx)
        return None if name in known else suggest(name, known)


def _set_output(attribute: str, value: object) -> Callable[[click.Context, click.Parameter, bool], None]:
    def set_output(ctx: click.Context, param: click.Parameter, given: bool) -> None:
        if given:
            setattr(ctx.ensure_object(Output), attribute, value)

    return set_output


site_argument = click.argument("site", required=False, type=click.Path(path_type=Path))
"""SITE, as given: `places` decides."""

store_option = click.option(
    "--store",
    envvar="EDGEKIT_STORE",
    type=click.Path(readable=False, path_type=Path),  # which reading it says better
    metavar="FILE",
    help="The store's file [default: EDGEKIT_STORE, `[build] store`, build/edge.lmdb].",
)
"""The store, as given: `places` decides."""

wait_option = click.option("--wait", is_flag=True, help="Wait for another build into the same store to end.")


def _read_clock(ctx: click.Context, param: click.Parameter, given: str | None) -> datetime | None:
    return None if given is None else parse_clock(given)


clock_option = click.option(
    "--clock",
    metavar="ISO-8601",
    callback=_read_clock,
    help="The time that templates read as `build_time` [default: SOURCE_DATE_EPOCH, now].",
)

"""Durations of the command line: `60s`, `1.5s`, `15ms`, `2m`."""

import re
from collections.abc import Callable
from typing import Final

import click

_FORM: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}


def read_duration(longest: float) -> Callable[[click.Context, click.Parameter, str | None], float]:
    """The callback of an option that takes a duration: in seconds, 0 without one, at most `longest`."""

    def read(ctx: click.Context, param: click.Parameter, value: str | None) -> float:
        if value is None:
            return 0
        form = _FORM.fullmatch(value)
        if form is None:
            raise click.BadParameter(f"{value!r} is no duration such as 60s or 15ms.")
        seconds = float(form[1]) * _SECONDS[form[2]]
        if seconds > longest:
            raise click.BadParameter(f"{value!r} is longer than {longest:g}s.")
        return seconds

    return read

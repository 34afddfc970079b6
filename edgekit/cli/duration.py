"""Durations of the command line: `60s`, `1.5s`, `15ms`, `2m`."""

import re
from typing import Any, Final

import click

_FORM: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}


class Duration(click.ParamType[float]):
    """Seconds, at most `longest`."""

    name = "duration"

    def __init__(self, longest: float) -> None:
        self._longest = longest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        form = _FORM.fullmatch(value)
        if form is None:
            self.fail(f"{value!r} is no duration such as 60s or 15ms.", param, ctx)
        seconds = float(form[1]) * _SECONDS[form[2]]
        if seconds > self._longest:
            self.fail(f"{value!r} is longer than {self._longest:g}s.", param, ctx)
        return seconds

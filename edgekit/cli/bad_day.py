"""The options of `serve` that make a bad day: `--fault`, `--latency` and `--cold-start`."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from edgekit.cli.duration import read_duration
from edgekit.replay.faults import Faults

Function = TypeVar("Function", bound=Callable[..., Any])
_Read = Callable[[click.Context, click.Parameter, str], float]

_LONGEST: Final = 60.0
"""Seconds of any of these: who waited longer has gone."""
_CHANCE: Final = re.compile(r"0|1|[01]?\.[0-9]{1,9}")


def bad_day_options(function: Function) -> Function:
    for option in (
        click.option(
            "--cold-start",
            callback=_read_duration,
            metavar="TIME",
            help="How long each worker takes to start when its first request has come, such as 100ms.",
        ),
        click.option(
            "--latency",
            multiple=True,
            callback=_read_named({"kv": _read_duration}),
            metavar="kv=TIME",
            help="How long each look-up takes, such as kv=15ms.",
        ),
        click.option(
            "--fault",
            "faults",
            multiple=True,
            callback=_read_named({"kv-read": lambda *given: _read_chance(*given), "cpu": _read_duration}),
            metavar="NAME=VALUE",
            help="kv-read=0.01: one in a hundred look-ups fails; cpu=60ms: each answer takes that much CPU more.",
        ),
    ):
        function = option(function)
    return function


def build_faults(faults: Mapping[str, float], latency: Mapping[str, float], cold_start: float) -> Faults | None:
    """What these options, as they were read, ask for; None without any of them."""
    asked = Faults(
        kv_read=faults.get("kv-read", 0),
        latency=latency.get("kv", 0),
        cpu=faults.get("cpu", 0),
        cold_start=cold_start,
    )
    return None if asked == Faults() else asked

"""The options of `serve` that make a bad day: `--fault`, `--latency` and `--cold-start`."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import click

from edgekit.cli.duration import read_duration
from edgekit.diagnostics.suggest import suggest
from edgekit.replay.faults import Faults

_LONGEST: Final = 60.0
"""Seconds: whoever waits longer for a page has gone."""
_CHANCE: Final = re.compile(r"0|0?\.[0-9]{1,9}|1(?:\.0{1,9})?")

read_late: Final = read_duration(_LONGEST)
"""The callback of an option for one such time."""


def read_fault(ctx: click.Context, param: click.Parameter, given: Iterable[str]) -> dict[str, float]:
    """The callback of `--fault`: values by name."""
    return _read_named(ctx, param, given, {"kv-read": _read_chance, "cpu": read_late})


def read_latency(ctx: click.Context, param: click.Parameter, given: Iterable[str]) -> dict[str, float]:
    """The callback of `--latency`: seconds by name."""
    return _read_named(ctx, param, given, {"kv": read_late})


def build_faults(fault: Mapping[str, float], latency: Mapping[str, float], cold_start: float) -> Faults | None:
    """What the three options ask for, as they were read; None if that is nothing."""
    asked = Faults(
        kv_read=fault.get("kv-read", 0), latency=latency.get("kv", 0), cpu=fault.get("cpu", 0), cold_start=cold_start
    )
    return None if asked == Faults() else asked


def describe_faults(faults: Faults) -> str:
    """One line, so that nobody takes the day for a good one."""
    told = (
        (faults.kv_read, f"{faults.kv_read * 100:g} % of look-ups fail"),
        (faults.latency, f"each look-up takes {faults.latency * 1_000:g} ms"),
        (faults.cpu, f"each answer takes {faults.cpu * 1_000:g} ms of CPU more"),
        (faults.cold_start, f"each worker starts in {faults.cold_start * 1_000:g} ms"),
    )
    return "a bad day: " + ", ".join(text for value, text in told if value)


def _read_named(
    ctx: click.Context,
    param: click.Parameter,
    given: Iterable[str],
    known: Mapping[str, Callable[[click.Context, click.Parameter, str], float]],
) -> dict[str, float]:
    read: dict[str, float] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"{text!r} has no `=`; write {param.metavar}.")
        if name not in known:
            near = suggest(name, known)
            raise click.BadParameter(
                f"{name!r} is none of {', '.join(known)}." + (f" Did you mean {near!r}?" if near else "")
            )
        if name in read:
            raise click.BadParameter(f"{name!r} is given twice.")
        read[name] = known[name](ctx, param, value)
    return read


def _read_chance(ctx: click.Context, param: click.Parameter, text: str) -> float:
    if not _CHANCE.fullmatch(text):
        raise click.BadParameter(f"{text!r} is no chance from 0 to 1, such as 0.01.")
    return float(text)

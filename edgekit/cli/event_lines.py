"""Events of a tail as lines: for people, in columns; for programs, as JSON."""

from typing import Final

import click
import msgspec

from edgekit.diagnostics.text import escape_control
from edgekit.replay.tail import Dropped, TailEvent

_CLOCK: Final = slice(11, 23)
"""Hours to milliseconds of an RFC 3339 timestamp."""
_NARROW: Final = 72
"""Columns under which only time, status and path are shown."""
_MAX_TIER: Final = 16
_COLORS: Final = {"2": "green", "3": "cyan", "4": "yellow", "5": "red"}


def format_json(event: TailEvent | Dropped) -> str:
    """One line. What could steer a terminal is written as JSON's own escapes."""
    line = msgspec.json.encode(event).decode()
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else _escape(c) for c in line)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


class EventLines:
    """The lines of one tail: their columns are as wide as the widest tier so far."""

    def __init__(self, color: bool, width: int | None) -> None:
        """`width` is the terminal's columns, None if lines may be of any length."""
        self._color = color
        self._width = width
        self._tier_width = 4

    def format(self, event: TailEvent | Dropped) -> str:
        if isinstance(event, Dropped):
            return self._paint(f"{event.dropped:,} events left out: this is too slow for them", fg="yellow")
        clock, status, path = event.timestamp[_CLOCK], str(event.status), escape_control(event.path)
        middle = ""
        if self._width is None or self._width >= _NARROW:
            tier = (event.tier or "-")[:_MAX_TIER]
            self._tier_width = max(self._tier_width, len(tier))
            reads = f"{event.reads:2} {'read ' if event.reads == 1 else 'reads'}"
            middle = f"{escape_control(tier):{self._tier_width}}  {reads}  {event.cpu_us:6,} µs  "
        taken = len(clock) + 2 + len(status) + 2 + len(middle)
        if self._width is not None and taken + len(path) > self._width:
            path = path[: max(self._width - taken - 1, 1)] + "…"
        color = _COLORS.get(status[0], "red")
        lines = [f"{self._paint(escape_control(clock), dim=True)}  {self._paint(status, fg=color)}  {middle}{path}"]
        if event.outcome != "ok":
            lines.append(f"    {self._paint(event.outcome, fg='red')}")
        for log in event.logs:
            color = "red" if log.level == "error" else "yellow"
            lines.append(f"    {self._paint(log.level, fg=color)}: {escape_control(log.message)}")
        return "\n".join(lines)

    def _paint(self, text: str, fg: str | None = None, dim: bool = False) -> str:
        return click.style(text, fg=fg, dim=dim or None) if self._color else text

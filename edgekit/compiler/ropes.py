"""What Jinja's runtime does to strings, done to ropes as well: escape, mark safe, join, print.

Each function equals Jinja's or MarkupSafe's for plain values, and for opaque ones gives a rope that would hold the same
text for every value of its slots, or records a violation.
"""

import datetime
import decimal
import re
import sys
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from jinja2.runtime import Undefined
from markupsafe import Markup
from markupsafe import escape as escape_plain

from edgekit.compiler.opaque import (
    Fields,
    Form,
    Mark,
    OpaqueSlot,
    Placed,
    Rope,
    is_markup,
    is_opaque,
    pieces_of,
    refuse,
    slot_of,
)
from edgekit.compiler.run import Run, find_location
from edgekit.project.frozen import FrozenDict, FrozenList

_ESCAPED: Final[dict[Form, Form]] = {"raw": "", "safe_url": "href", "url": "url", "path": "path"}
"""What HTML escaping makes of a form. Percent-encoded text has nothing to escape."""

_SPECIAL: Final = re.compile(r"[&<>'\"]").search

_PRINTABLE: Final = frozenset(
    {
        str, Markup, int, float, bool, type(None), complex, decimal.Decimal, range, bytes,
        datetime.date, datetime.time, datetime.datetime, datetime.timedelta,
    }
)  # fmt: skip


class Ropes:
    """The string functions of one environment, bound to its run."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def as_rope(self, value: Any) -> Rope:
        """A slot or rope as a rope."""
        if type(value) is OpaqueSlot:
            return Rope(self.run, [Placed(slot_of(value), "raw", find_location(sys._getframe(2)))], markup=False)
        assert type(value) is Rope
        return value

    def print(self, value: Any) -> Any:
        """`escape` for what a template prints: text that needs no escaping is text enough."""
        kind = type(value)
        if kind is Markup or (kind is str and _SPECIAL(value) is None):
            return value
        return self.escape(value)

    def escape(self, value: Any) -> Any:
        """`markupsafe.escape`."""
        kind = type(value)
        if kind is str or kind is Markup or kind is int:
            return escape_plain(value)
        if kind is OpaqueSlot:
            return Rope(self.run, [Placed(slot_of(value), "", find_location(sys._getframe(1)))], markup=True)
        if kind is Rope:
            return value if is_markup(value) else self.escape_rope(value)
        self.check_printable(value)
        return escape_plain(value)

    def escape_rope(self, rope: Rope) -> Rope:
        """A plain rope, escaped."""
        pieces: list[str | Placed | Mark] = []
        for piece in pieces_of(rope):
            if type(piece) is str:
                pieces.append(str(escape_plain(piece)))
            else:
                form = _ESCAPED.get(piece.form) if type(piece) is Placed else None
                if type(piece) is not Placed or form is None:
                    raise refuse(rope, "EK207", "it would be escaped twice", "escape it once: leave out `|e`")
                pieces.append(piece._replace(form=form))
        return Rope(self.run, pieces, markup=True)

    def string(self, value: Any) -> Any:
        """`str(value)`; what a template prints under `{% autoescape false %}` goes through it."""
        kind = type(value)
        if kind is str or kind is Markup or kind is int:
            return str(value)
        if kind is Rope and is_markup(value):
            return value
        if is_opaque(value):
            raise refuse(
                value, "EK207", "it is printed without escaping", "print it with autoescaping on, or with `|e`"
            )
        self.check_printable(value)
        return str(value)

    def soft_string(self, value: Any) -> Any:
        """`markupsafe.soft_str`: text and ropes as they are, anything else as text."""
        if isinstance(value, str) if not is_opaque(value) else type(value) is Rope:
            return value
        if type(value) is OpaqueSlot:
            return self.as_rope(value)
        self.check_printable(value)
        return str(value)

    def markup(self, value: Any = "") -> Any:
        """`markupsafe.Markup`: says that text is safe to print as it is."""
        if type(value) is str:
            return Markup(value)  # noqa: S704  (the template says so)
        if type(value) is Rope:
            if is_markup(value):
                return value
            for piece in pieces_of(value):
                if type(piece) is Placed and piece.form in ("raw", "safe_url"):
                    raise self._unescaped(value)
            return Rope(self.run, pieces_of(value), markup=True)
        if is_opaque(value):
            raise self._unescaped(value)
        self.check_printable(value)
        return Markup(value)  # noqa: S704

    def _unescaped(self, value: object) -> Exception:
        return refuse(value, "EK207", "it is marked safe without being escaped", "leave out `|safe`", "safe")

    def concat(self, pieces: Iterable[Any]) -> Any:
        """`environment.concat`: what a capture (macro, set block, block reference) has printed, as one string."""
        collected = pieces if type(pieces) is list else list(pieces)
        try:
            return "".join(collected)
        except TypeError:
            return self.join_plain(collected)

    def join_plain(self, parts: Iterable[Any]) -> Any:
        """`"".join(parts)` of strings and ropes; plain."""
        pieces: list[str | Placed | Mark] = []
        opaque = False
        for part in parts:
            if type(part) is Rope:
                opaque = True
                pieces += pieces_of(part)
            elif isinstance(part, str):
                pieces.append(str(part))
            else:  # as `"".join` does: what Jinja cannot print, we cannot
                raise TypeError(f"expected str instance, {type(part).__name__} found")
        return Rope(self.run, pieces, markup=False) if opaque else "".join(map(str, pieces))

    def markup_join(self, parts: Iterable[Any]) -> Any:
        """`jinja2.runtime.markup_join`: `~` under autoescaping."""
        strings = [self.soft_string(part) for part in parts]
        if any(is_markup(s) if type(s) is Rope else hasattr(s, "__html__") for s in strings):
            joined = self.join_plain([self.escape(s) for s in strings])
            return self.markup_of_escaped(joined)
        return self.join_plain(strings)

    def str_join(self, parts: Iterable[Any]) -> Any:
        """`jinja2.runtime.str_join`: `~` without autoescaping."""
        strings = []
        for part in parts:
            string = self.soft_string(part)
            strings.append(string if type(string) is Rope else str(string))
        return self.join_plain(strings)

    def markup_of_escaped(self, joined: Any) -> Any:
        """A join of escaped parts, marked safe."""
        if type(joined) is Rope:
            return Rope(self.run, pieces_of(joined), markup=True)
        return Markup(joined)  # noqa: S704

    def check_printable(self, value: Any) -> None:
        """Refuse what would print an address, or a slot inside a container's own notation.

        Raises TraceError after recording it; an undefined value is left to raise Jinja's own error.
        """
        if type(value) in _PRINTABLE or type(value) is FrozenDict or type(value) is FrozenList:
            return
        if is_opaque(value):
            if type(value) is Fields:
                raise refuse(value, "EK209", "")
            raise refuse(value, "EK206", "it is printed inside a list or dict", "print the values one by one")
        if isinstance(value, str | int | float | Undefined):
            return
        if isinstance(value, tuple | list):
            for item in value:
                self.check_printable(item)
            return
        if isinstance(value, dict):
            for key, item in value.items():
                self.check_printable(key)
                self.check_printable(item)
            return
        self.refuse_address(value)

    def refuse_address(self, value: object) -> NoReturn:
        kind = type(value).__name__.removeprefix("Tracing")
        raise self.run.refuse(
            "EK210",
            f"a value of type `{kind}`",
            "what it prints is an address in memory or an order by chance, another one in each build",
            "call it, or turn it into text or a list first (`|list`, `|sort`)",
        )

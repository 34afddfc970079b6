"""Plain data: what a site's own functions get, give and are as constants.

Text, numbers, dates and containers of them, nothing with methods of the site's own: those could be handed a slot by an
operator or a call that nobody sees. Sets are none, because their order differs from build to build.
"""

import datetime
import decimal
from collections import namedtuple
from functools import cache
from types import GeneratorType
from typing import Any, Final

from markupsafe import Markup

from edgekit.project.frozen import FrozenDict, FrozenList

_KEPT: Final = frozenset(
    {
        str, Markup, int, float, bool, type(None), bytes, decimal.Decimal, range, FrozenDict, FrozenList,
        datetime.date, datetime.time, datetime.datetime, datetime.timedelta,
    }
)  # fmt: skip

_LISTED: Final[tuple[type[Any], ...]] = (
    list, GeneratorType, map, filter, zip, enumerate, reversed, type(reversed([])),
    type({}.keys()), type({}.values()), type({}.items()),
)  # fmt: skip
"""What becomes a list. What Jinja's filters give lazily could hide a slot, and would be empty when read again."""


class NotPlainError(Exception):
    """`value`, or a part of it, is no plain data."""

    def __init__(self, value: object) -> None:
        super().__init__(type(value).__name__)
        self.value = value


def as_plain(value: Any) -> Any:
    """A deeply frozen copy of `value`; what cannot change is itself.

    Asks nothing of a value but its type, so that a value that stands for another is not touched.
    Raises NotPlainError, and RecursionError for what is nested too deep.
    """
    return value if type(value) in _KEPT else _copy(value, {})


def _copy(value: Any, done: dict[int, tuple[Any, Any]]) -> Any:
    """`done` are the copies by their originals' ids (with those, so that they live): one that stands in many places is
    copied once."""
    kind = type(value)
    if kind in _KEPT:
        return value
    if id(value) in done:
        return done[id(value)][1]
    copy: Any
    if issubclass(kind, dict):
        copy = FrozenDict((_copy(key, done), _copy(item, done)) for key, item in value.items())
    elif issubclass(kind, _LISTED):
        copy = FrozenList(_copy(item, done) for item in value)
    elif issubclass(kind, tuple):
        items = tuple(_copy(item, done) for item in value)
        copy = _record(kind.__name__, kind._fields)(*items) if hasattr(kind, "_fields") else items
    else:
        raise NotPlainError(value)
    done[id(value)] = value, copy
    return copy


@cache
def _record(name: str, fields: tuple[str, ...]) -> Any:
    """A named tuple without methods of its own."""
    return namedtuple(name, fields, rename=True)

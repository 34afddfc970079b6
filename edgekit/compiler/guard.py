"""What is handed to a filter or test is looked through: a slot in it, nested containers included, is a violation."""

import functools
from collections.abc import Callable, Mapping
from types import GeneratorType
from typing import Any, Final

from jinja2.runtime import Undefined

from edgekit.compiler.opaque import is_opaque, refuse
from edgekit.compiler.ropes import Ropes
from edgekit.project.frozen import FrozenDict, FrozenList

_SCALARS: Final = frozenset({str, int, float, bool, type(None), FrozenDict, FrozenList})
LAZY: Final = frozenset({GeneratorType, type({}.items()), type({}.keys()), type({}.values()), type(reversed([]))})
"""What Jinja's filters and dicts give instead of a list: what it holds is seen once it is one."""

_TEXT_FILTERS: Final = frozenset(
    [
        "capitalize",
        "center",
        "format",
        "indent",
        "lower",
        "pprint",
        "replace",
        "striptags",
        "title",
        "trim",
        "truncate",
        "upper",
        "urlize",
        "wordcount",
        "wordwrap",
    ]
)
"""Filters that turn their arguments into text, whatever they are: only what prints the same in each build may pass."""


def find_opaque(value: Any) -> Any:
    """The first slot, rope or namespace in a value or the containers in it; None if there is none."""
    return None if type(value) in _SCALARS else _find_opaque(value, set())


def _find_opaque(value: Any, seen: set[int]) -> Any:
    """`seen` are containers looked into: one that stands in many places is looked into once."""
    if is_opaque(value):
        return value
    if isinstance(value, Undefined | str) or id(value) in seen:
        return None
    if isinstance(value, list | tuple | set | frozenset):
        members: Any = value
    elif isinstance(value, Mapping):
        members = (part for pair in value.items() for part in pair)
    else:
        return None
    seen.add(id(value))
    for member in members:
        if type(member) not in _SCALARS and (found := _find_opaque(member, seen)) is not None:
            return found
    return None


def guard(name: str, function: Callable[..., Any], ropes: Ropes, what: str) -> Callable[..., Any]:
    """The filter or test `name`, refusing opaque arguments and, where it makes text, what prints an address."""

    # Jinja hands the environment or a context to functions that ask for it, before the arguments.
    passed = 1 if hasattr(function, "jinja_pass_arg") else 0
    makes_text = name in _TEXT_FILTERS and what == "filter"

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        for arg in args[passed:] if passed else args:
            if type(arg) not in _SCALARS:
                check(arg)
        if kwargs:
            for arg in kwargs.values():
                check(arg)
        return function(*args, **kwargs)

    def check(arg: Any) -> None:
        found = find_opaque(arg)
        if found is not None:
            raise refuse(found, "EK202", f"{what} `{name}` reads it", word=name)
        if makes_text:
            ropes.check_printable(arg)

    return guarded

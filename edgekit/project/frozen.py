"""Deeply immutable JSON-like data: what templates see of the site's data, tiers and items.

`FrozenDict` and `FrozenList` print, compare and test as the dict and list they are; every way to change one raises.
Their type also says that nothing inside was made by a template, so that it holds no slot.
"""

from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 100
"""Of lists and dicts within each other: far above any real data, far below Python's recursion limit."""


def _refuse(self: object, *args: object, **kwargs: object) -> NoReturn:
    raise TypeError("frozen data cannot be changed")


class FrozenDict(dict[Any, Any]):
    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[object, ...]:
        return FrozenDict, (dict(self),)


class FrozenList(list[Any]):
    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[object, ...]:
        return FrozenList, (list(self),)


def freeze(value: Any, depth: int = MAX_DEPTH) -> Any:
    """`value` with every dict and list in it frozen; scalars as they are.

    Raises RecursionError for what is nested deeper than `depth`.
    """
    if not isinstance(value, dict | list | tuple):
        return value
    if depth == 0:
        raise RecursionError("data is nested too deeply")
    if isinstance(value, dict):
        return FrozenDict((key, freeze(item, depth - 1)) for key, item in value.items())
    return FrozenList(freeze(item, depth - 1) for item in value)

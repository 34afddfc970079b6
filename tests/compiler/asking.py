"""What a template asks of its context: found by rendering it with objects that give whatever is asked and note it."""

from collections.abc import Iterator
from typing import Any, Final

from jinja2 import BaseLoader
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

_TEXT_METHODS: Final = frozenset(
    [
        "capitalize", "endswith", "format", "join", "lower", "lstrip", "replace", "rsplit", "rstrip", "split",
        "splitlines", "startswith", "strip", "title", "upper",
    ]
)  # fmt: skip
_DICT_METHODS: Final = frozenset({"get", "items", "keys", "values"})


_DEEPEST: Final = 8
"""Of what is given: a template that follows children to their children comes to an end."""


class CannotGiveError(Exception):
    """A template asks for what no frozen value is."""


class Asking:
    """An object that has every attribute and item, and can be called, looped over, printed and calculated with."""

    def __init__(self, name: str, depth: int = 0) -> None:
        self._name = name
        self._depth = depth
        self._looped = False
        self._fields: dict[str, Asking] = {}
        self._item: Asking | None = None
        self._result: Asking | None = None
        self._takes_arguments = False
        self._number = False

    def __getattr__(self, name: str) -> "Asking":
        if name.startswith("_") or name in ("jinja_pass_arg", "unsafe_callable", "alters_data"):
            raise AttributeError(name)
        return self._fields.setdefault(name, Asking(name, self._depth + 1))

    def __getitem__(self, key: object) -> Any:
        if isinstance(key, slice):
            return list(self)[key]
        return self._items() if isinstance(key, int) else self.__getattr__(str(key))

    def _items(self) -> "Asking":
        self._item = self._item or Asking(self._name, self._depth + 1)
        return self._item

    def __iter__(self) -> Iterator["Asking"]:
        self._looped = True
        return iter([self._items()] * 2 if self else [])

    def __reversed__(self) -> Iterator["Asking"]:
        return iter(self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __call__(self, *args: object, **kwargs: object) -> "Asking":
        self._takes_arguments = self._takes_arguments or bool(args or kwargs)
        self._result = self._result or Asking(self._name, self._depth + 1)
        return self._result

    def __str__(self) -> str:
        return self._name

    def __bool__(self) -> bool:
        return self._depth < _DEEPEST

    def __contains__(self, item: object) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        self._compare(other)
        return False

    def __lt__(self, other: object) -> bool:
        self._compare(other)
        return False

    __gt__ = __le__ = __ge__ = __lt__

    def __hash__(self) -> int:
        return hash(self._name)

    def _compare(self, other: object) -> None:
        self._number = self._number or type(other) in (int, float)

    def _calculate(self, other: object) -> Any:
        self._compare(other)
        return str(self) + str(other) if isinstance(other, str) else 3

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = __truediv__ = __floordiv__ = _calculate

    def __int__(self, *args: object) -> int:
        self._number = True
        return 3

    __index__ = __round__ = __abs__ = __int__

    def __float__(self) -> float:
        return float(int(self))

    def given(self) -> str:
        """A Jinja expression of what was asked for.

        Raises CannotGiveError if it is a function whose results are more than text.
        """
        fields = dict(self._fields)
        if self._result is not None:
            if fields:
                raise CannotGiveError(f"`{self._name}` is a function with fields")
            given = self._result.given()
            if given.startswith(("'", '"')):
                return f"{given}.format"  # takes any arguments
            if self._takes_arguments or given[0] not in "[{":
                raise CannotGiveError(f"`{self._name}` is a function of values")
            return f"{given}.copy"
        methods = {name for name, field in fields.items() if field._result is not None}
        if fields and methods == set(fields) <= _TEXT_METHODS and self._item is None:
            return self._text()
        if fields:
            entries = {name: field.given() for name, field in fields.items() if name not in methods & _DICT_METHODS}
            entries |= {} if entries else {"key": repr("value <1>")}
            return "{" + ", ".join(f"{name!r}: {value}" for name, value in sorted(entries.items())) + "}"
        if self._item is not None:
            return f"[{self._item.given()}, {self._item.given()}]"
        if self._looped:
            return "[]"
        return "3" if self._number else self._text()

    def _text(self) -> str:
        return repr(f'{self._name} <&> "1"')


class _AskingContext(Context):
    environment: "_AskingEnvironment"

    def resolve_or_missing(self, key: str) -> Any:
        if key in self.vars or key in self.environment.globals:
            return super().resolve_or_missing(key)
        return self.environment.asked.setdefault(key, Asking(key))


class _AskingEnvironment(ImmutableSandboxedEnvironment):
    context_class = _AskingContext

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(loader=loader, autoescape=True, cache_size=0)
        self.asked: dict[str, Asking] = {}
        self.policies["json.dumps_kwargs"] = {"default": str, "sort_keys": True}


def ask(loader: BaseLoader, name: str) -> dict[str, str]:
    """Names and expressions that the template asks of its context. Raises what Jinja raises, or CannotGiveError."""
    environment = _AskingEnvironment(loader)
    environment.get_template(name).render()
    return {name: asking.given() for name, asking in sorted(environment.asked.items())}

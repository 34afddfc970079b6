"""The site's own filters, tests and globals as templates call them: plain data go in, frozen plain data come out.

Tracer and oracle call them alike, so that both see the same arguments and results; only what happens to an argument
that is no plain data differs: in a trace it may be a slot.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jinja2.runtime import Undefined

from edgekit.project.plain import NotPlainError, as_plain

if TYPE_CHECKING:
    from edgekit.compiler.environment import PageEnvironment


class PageError(Exception):
    """A template asks for something that no page may have; `code` and `help` as in a diagnostic."""

    def __init__(self, code: str, message: str, help: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help


def install_functions(environment: "PageEnvironment") -> None:
    """Give an environment the functions of its site."""
    functions = environment.site.jinja.functions
    for name, function in functions.filters.items():
        environment.filters[name] = _plainly(environment, "filter", name, function)
    for name, function in functions.tests.items():
        environment.tests[name] = _plainly(environment, "test", name, function)
    for name, value in functions.globals.items():
        environment.globals[name] = _plainly(environment, "function", name, value) if callable(value) else value


def _plainly(environment: "PageEnvironment", what: str, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, test or function `name`, guarded. It keeps nothing of the site's object but its call."""
    passed = 1 if hasattr(function, "jinja_pass_arg") else 0  # Jinja's eval context, before the arguments

    def read(value: Any) -> Any:
        if type(value) is environment.undefined:
            return value
        try:
            return as_plain(value)
        except NotPlainError as error:
            raise environment.refuse_argument(what, name, error.value) from None

    def called(*args: Any, **kwargs: Any) -> Any:
        environment.note_function()
        plain = [read(arg) for arg in args[passed:]]
        named = {key: read(arg) for key, arg in kwargs.items()}
        try:
            result = function(*args[:passed], *plain, **named)
            if what == "test":
                return bool(result)
            return result if isinstance(result, Undefined) else as_plain(result)
        except NotPlainError as error:
            message = f"{what} `{name}` gives a `{error}`, which is no plain data"
            help = "let it return text, a number, a date, or a list or dict of those; a set as `sorted(…)`"
            raise PageError("EK219", message, help) from None
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise RuntimeError("it ends the process").with_traceback(error.__traceback__) from None

    if passed:
        called.jinja_pass_arg = function.jinja_pass_arg  # type: ignore[attr-defined]
    return called

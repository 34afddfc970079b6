"""The extension `i18n`: `{% trans %}` and `gettext` with the site's translations, for plain values and for slots.

Jinja's newstyle functions do `translation % variables` on Markup. A slot in it keeps its meaning where the translation
names it as `%(name)s`, which escapes it as printing does; `%%` is a literal sign. Everything else would need its value.
"""

import gettext
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from edgekit.compiler.functions import PageError
from edgekit.compiler.guard import find_opaque
from edgekit.compiler.opaque import is_opaque, refuse
from edgekit.compiler.ropes import Ropes

if TYPE_CHECKING:
    from edgekit.compiler.environment import PageEnvironment

_KINDS: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "gettext": (1, ()),
    "ngettext": (3, ("num",)),
    "pgettext": (2, ("context",)),
    "npgettext": (4, ("context", "num")),
}
"""Function → how many arguments it takes, and the names under which a translation may print some of them."""

_FIELD: Final = re.compile(r"%(?:(%)|\(([^()]*)\)s)?")


def install_translations(environment: "PageEnvironment") -> None:
    """Jinja's newstyle functions over the site's `gettext` and its kin; what the site does not have is null."""
    null = gettext.NullTranslations()
    own = environment.site.jinja.functions.globals
    environment.translations = {
        name: _textual(name, environment.globals[name]) if name in own else getattr(null, name) for name in _KINDS
    }
    environment.install_gettext_callables(newstyle=True, **environment.translations)  # type: ignore[attr-defined]


def _textual(name: str, function: Any) -> Callable[..., str]:
    def translate(*args: Any) -> str:
        translation = function(*args)
        if not isinstance(translation, str):
            message = f"function `{name}` gives a `{type(translation).__name__}`, and no text"
            raise PageError("EK219", message, "let it return the translation")
        return translation

    return translate


def trace_translations(environment: "PageEnvironment", ropes: Ropes) -> None:
    """The same functions for a trace: their variables may be slots and ropes."""
    for name, function in environment.translations.items():
        environment.globals[name] = _tracing(name, function, ropes)


def _tracing(name: str, function: Callable[..., str], ropes: Ropes) -> Callable[..., Any]:
    arity, own_names = _KINDS[name]

    @pass_context
    def translate(__context: Context, *args: Any, **variables: Any) -> Any:
        if len(args) != arity:
            raise TypeError(f"{name}() takes {arity} positional arguments, but {len(args)} were given")
        for arg in args:
            if (found := find_opaque(arg)) is not None:
                if arg is args[-1] and "num" in own_names:
                    raise refuse(found, "EK201", "the form of the plural depends on its value", word="pluralize")
                raise refuse(found, "EK206", f"`{name}` looks it up in the translations")
        translation: Any = __context.call(function, *args)
        if "context" in own_names:
            variables.setdefault("context", args[0])
        if "num" in own_names:
            variables.setdefault("num", args[-1])
        escaped = __context.eval_ctx.autoescape or type(translation) is Markup
        if not any(find_opaque(value) is not None for value in variables.values()):
            for value in variables.values():
                ropes.check_printable(value)
            return (ropes.markup(translation) if escaped else translation) % variables
        joined = ropes.join_plain(_format(translation, variables, ropes.escape if escaped else ropes.string))
        return ropes.markup_of_escaped(joined) if escaped else joined

    return translate


def _format(translation: str, variables: dict[str, Any], written: Callable[[Any], Any]) -> Iterator[Any]:
    """`translation % variables` in pieces."""
    end = 0
    for field in _FIELD.finditer(translation):
        yield str(translation[end : field.start()])
        end = field.end()
        sign, name = field.groups()
        if sign:
            yield sign
        elif name is not None:
            yield written(variables[name])
        else:
            value = next(value for value in variables.values() if find_opaque(value) is not None)
            slot = value if is_opaque(value) else find_opaque(value)
            what = "a translation with it is formatted in another way than `%(name)s`"
            raise refuse(slot, "EK207", what, "write `%(name)s` for a variable, and `%%` for the sign itself")
    yield str(translation[end:])

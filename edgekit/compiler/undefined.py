"""What a template asks for and is not there: its name, where it was looked for, and what was most likely meant."""

from typing import Any, Final

from jinja2 import UndefinedError
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.runtime import Context, Undefined
from jinja2.utils import missing

from edgekit.compiler.syntax import Said
from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.island import island_path
from edgekit.project.frozen import FrozenDict

_OF_A_PAGE: Final = ("user", "segment", "request", "page", "tier")


def describe_undefined(error: UndefinedError, data: FrozenDict, page: str) -> Said | None:
    """What is undefined in the render of the page with this path; None if that cannot be told. `data` is the site's."""
    undefined, context = _find(error)
    if undefined is None or not isinstance(name := undefined._undefined_name, str) or undefined._undefined_hint:
        return None
    looked_in = undefined._undefined_obj
    if looked_in is missing:
        return _describe_variable(name, context, page)
    if not isinstance(looked_in, dict):
        return None
    near = did_you_mean(name, (key for key in looked_in if isinstance(key, str)))
    if looked_in is data:
        return Said(f"there is no data file `{name}`{near}", "name a file of `data/`, without its ending")
    help = "name a key that it has; if only some of the data have it, print it with `|default(…)`"
    return Said(f"the dict has no `{name}`{near}", help)


def _describe_variable(name: str, context: Context | None, page: str) -> Said:
    names = {*context.get_all()} - DEFAULT_NAMESPACE.keys() if context is not None else ()
    near = did_you_mean(name, names) if name not in _OF_A_PAGE else ""
    if page.startswith(island_path("")):
        help = "an island sees data, slots and the tier, but neither `page` nor what the page has set"
    elif name in _OF_A_PAGE:
        help = "what is imported or included without context does not see it: add `with context`"
    else:
        known = ", ".join(f"`{variable}`" for variable in (*_OF_A_PAGE, "data", "site"))
        help = f"set it first, or print it with `|default(…)`; of itself a page knows {known} and its item"
    return Said(f"`{name}` is undefined{near}", help)


def _find(error: UndefinedError) -> tuple[Undefined | None, Context | None]:
    """The undefined object that raised, and the innermost context of a template."""
    undefined, context = None, None
    trace: Any = error.__traceback__
    while trace is not None:
        names = trace.tb_frame.f_locals
        if "__jinja_template__" in trace.tb_frame.f_globals and isinstance(names.get("context"), Context):
            context = names["context"]
        if issubclass(type(names.get("self")), Undefined):
            undefined = names["self"]
        trace = trace.tb_next
    return undefined, context

"""The Jinja environments: one base that tracer and oracle share, so that both see the same site in the same sandbox."""

import re
import warnings
from collections.abc import Callable, Mapping
from datetime import date, time
from types import CodeType
from typing import Any, Final, NoReturn

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from edgekit.compiler.functions import PageError, install_functions
from edgekit.compiler.island import IslandExtension
from edgekit.compiler.loader import TemplateLoader
from edgekit.compiler.translation import install_translations
from edgekit.diagnostics.suggest import did_you_mean
from edgekit.fragment.encodings import path_part, safe_url
from edgekit.project.frozen import FrozenDict
from edgekit.project.site import Page, Site


class PageTemplate(Template):
    """A template whose imported module is made anew for each page, so that no page leaves a trace in the next."""

    environment: "PageEnvironment"
    _page_serial = 0

    def _get_default_module(self, ctx: Context | None = None) -> Any:
        if self._page_serial != self.environment.page_serial:
            self._page_serial = self.environment.page_serial
            self._module = None
        return super()._get_default_module(ctx)


class PageEnvironment(ImmutableSandboxedEnvironment):
    """Jinja for a site's pages: autoescaping, undefined names are errors, our two filters, the site's own."""

    template_class = PageTemplate
    translations: Mapping[str, Callable[..., str]] = {}

    def __init__(self, site: Site) -> None:
        self.site_loader = TemplateLoader(site)
        super().__init__(
            loader=self.site_loader,
            extensions=[IslandExtension, *(f"jinja2.ext.{name}" for name in site.jinja.extensions)],
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=site.jinja.trim_blocks,
            lstrip_blocks=site.jinja.lstrip_blocks,
            keep_trailing_newline=site.jinja.keep_trailing_newline,
            cache_size=-1,
            auto_reload=False,
        )
        self.site = site
        self.page_serial = 0
        self.globals.update(
            data=site.data,
            site=FrozenDict(base_url=site.base_url, default_tier=site.default_tier),
            asset=self.asset_url,
            build_time=site.build_time,
            lipsum=_refuse_chance,
        )
        self.filters["path_part"] = path_part
        self.filters["safe_url"] = safe_url
        self.filters["random"] = _refuse_chance
        install_functions(self)
        if "i18n" in site.jinja.extensions:
            install_translations(self)

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        if "loopcontrols" in self.site.jinja.extensions and (control := find_loose_control(source)) is not None:
            message = "`break` and `continue` stand in a loop, and not in a macro, block or call in it"
            raise TemplateSyntaxError(message, control.lineno, name, filename)
        return super()._generate(source, name, filename, defer_init)

    def _compile(self, source: str, filename: str) -> CodeType:
        # What Python thinks of an odd but valid expression is not the author's concern: Jinja decides.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return super()._compile(source, filename)

    def refuse_argument(self, what: str, name: str, value: object) -> Exception:
        """For an argument of the site's filter, test or function `name` that is no plain data; the caller raises it."""
        kind = type(value).__name__.removeprefix("Tracing")
        message = f"{what} `{name}` is given a `{kind}`, which is no plain data"
        return PageError("EK219", message, "give it text, a number, a date, or a list or dict of those")

    def note_function(self) -> None:
        """One of the site's own functions is called."""

    def place_island(self, name: str) -> Any:
        """`{% island "name" %}` as it is printed."""
        raise NotImplementedError

    def begin_island(self, name: str) -> Any:
        """`{% island "name" client %}` as it is printed, before the fallback."""
        raise NotImplementedError

    def end_island(self) -> Any:
        """The same, behind the fallback."""
        raise NotImplementedError

    def asset_url(self, name: str) -> str:
        """`asset("shop.css")`: the content-addressed URL of a file of `static/`.

        Raises PageError if there is no such file.
        """
        asset = self.site.assets.get(name)
        if asset is None:
            hint = did_you_mean(str(name), self.site.assets)
            raise PageError("EK217", f"there is no file `static/{name}`{hint}", "put the file there, or name another")
        return asset.url

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if attr in _CLOCK and isinstance(obj, date | time):
            message = f"`{attr}` reads the clock or the machine's time zone, and a page is a function of its inputs"
            raise PageError("EK216", message, "write the date into the data")
        return super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute` of a template. Most are of frozen dicts, so these are looked for first."""
        if type(obj) is FrozenDict and attribute in obj and attribute not in _DICT_ATTRIBUTES and attribute[:1] != "_":
            return obj[attribute]
        return self.read_attribute(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]` of a template."""
        if type(obj) is FrozenDict and type(argument) is str and argument in obj:
            return obj[argument]
        return self.read_item(obj, argument)

    def read_attribute(self, obj: Any, attribute: str) -> Any:
        """As the sandbox gives it; private names are errors, whatever the object."""
        if attribute.startswith("_"):
            raise PageError("EK214", f"attribute `{attribute}` is private", "use a public attribute or an item")
        return super().getattr(obj, attribute)

    def read_item(self, obj: Any, argument: Any) -> Any:
        return super().getitem(obj, argument)


def check_date_format(format: Any, *_: Any) -> None:
    """Raises PageError for a date's format with seconds since 1970: the C library counts them in its own time zone."""
    if issubclass(type(format), str) and "s" in _DATE_FIELD.findall(format):
        message = "`%s` writes a date in the machine's time zone, and a page is a function of its inputs"
        raise PageError("EK216", message, "write the date in another form, or into the data")


_DATE_FIELD: Final = re.compile(r"%[-_0^#+]*\d*[EO]?(.)", re.DOTALL)


def find_loose_control(node: nodes.Node, in_loop: bool = False) -> nodes.Node | None:
    """The first `break` or `continue` that no loop of the same Python function is around; Jinja does not look."""
    if isinstance(node, nodes.Break | nodes.Continue) and not in_loop:
        return node
    if isinstance(node, nodes.Macro | nodes.CallBlock | nodes.Block):
        in_loop = False
    for name, part in node.iter_fields():
        inside = in_loop or (isinstance(node, nodes.For) and name == "body")
        for child in part if isinstance(part, list) else [part]:
            if isinstance(child, nodes.Node) and (found := find_loose_control(child, inside)) is not None:
                return found
    return None


_DICT_ATTRIBUTES: Final = frozenset(dir(FrozenDict))
"""Jinja looks for an attribute before an item; most names are none of these, so most look-ups can go straight to it."""


_CLOCK: Final = frozenset(
    ["now", "today", "utcnow", "fromtimestamp", "utcfromtimestamp", "timestamp", "astimezone", "strptime"]
)
"""Methods of dates and times that give another result at another time, or in another time zone."""


def _refuse_chance(*args: object, **kwargs: object) -> NoReturn:
    raise PageError(
        "EK216",
        "a page is a function of its inputs, and chance is none of them",
        "choose in the data, or in a script of the page",
    )


def page_variables(page: Page, tier: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The render variables of a page for a tier, or of an island, which knows no page.

    `fields` are `user`, `segment` and `request`.
    """
    variables: dict[str, Any] = {**fields, "tier": tier}
    if not page.island:
        variables["page"] = FrozenDict(path=page.path, params=page.params)
    if page.item_name is not None:
        variables[page.item_name] = page.item
    return variables

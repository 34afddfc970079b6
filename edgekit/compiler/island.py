"""The tag `{% island %}`: a section of the page that is compiled apart (contract, section 6).

`{% island "name" %}` leaves a mark, where replay puts the island. `{% island "name" client %}fallback{% endisland %}`
prints an element with the fallback, whose content a script then fetches. What either prints is the environment's to
say: `begin_island`, `end_island` and `place_island`.
"""

from typing import TYPE_CHECKING, Any, Final

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from edgekit.compiler.functions import PageError
from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.island import URL_PREFIX

if TYPE_CHECKING:
    from edgekit.compiler.environment import PageEnvironment
    from edgekit.project.site import Page, Site

ELEMENT: Final = "edgekit-island"

SCRIPT: Final = (
    f"<script>(function(e){{fetch('{URL_PREFIX}'+e.getAttribute('name'),{{credentials:'same-origin'}})"
    ".then(function(r){return r.ok?r.text():Promise.reject()}).then(function(t){e.innerHTML=t},function(){})})"
    "(document.currentScript.previousElementSibling)</script>"
)
"""Stands behind the element, and fills it if the answer is ok; else the fallback stays. The same for every island:
docs/templates.md names its hash, and sites allow it by that."""

END: Final = f"</{ELEMENT}>{SCRIPT}"


def format_begin(name: str) -> str:
    """What stands before the fallback."""
    return f'<{ELEMENT} name="{name}">'


class IslandExtension(Extension):
    """The tag, in every environment of a site's pages."""

    tags = {"island"}  # noqa: RUF012  (Jinja reads it as an instance's)
    environment: "PageEnvironment"

    def parse(self, parser: Parser) -> list[nodes.Node]:
        line = next(parser.stream).lineno
        if parser.stream.current.type != "string":
            parser.fail('`island` takes the name itself, such as `{% island "recommendations" %}`', line)
        name = nodes.Const(next(parser.stream).value, lineno=line)
        if parser.stream.current.type == "block_end":
            return [self._print("place", name, line)]
        if not parser.stream.skip_if("name:client"):
            written = str(parser.stream.current.value)
            parser.fail(f"behind its name `island` takes `client` or nothing, not `{written}`", line)
        fallback = parser.parse_statements(("name:endisland",), drop_needle=True)
        return [self._print("begin", name, line), *fallback, self._print("end", name, line)]

    def _print(self, method: str, name: nodes.Const, line: int) -> nodes.Output:
        return nodes.Output([self.call_method(method, [name], lineno=line)], lineno=line)

    def place(self, name: str) -> Any:
        return self.environment.place_island(name)

    def begin(self, name: str) -> Any:
        return self.environment.begin_island(name)

    def end(self, name: str) -> Any:
        return self.environment.end_island()


def check_use(site: "Site", page: "Page", name: str) -> None:
    """Raises PageError where `page` may not hold the island `name`."""
    if page.island:
        help = "put both into the page, or include the template"
        raise PageError("EK605", f"an island holds no other island, but this one holds `{name}`", help)
    if page.path == "503":
        raise PageError("EK606", "503.html holds an island, but it is shown when nothing can be read", "leave it out")
    island = site.islands.get(name)
    if island is None:
        wanted = name.removesuffix(".html")
        near = did_you_mean(wanted, [known for known, other in site.islands.items() if other.page is not None])
        help = f"write its template, `islands/{wanted}.html`, or name another"
        raise PageError("EK604", f"there is no island `{name}`{near}", help)
    if island.page is None:
        help = f'print it through a list slot: `[slots.…]` with `island = "{name}"`'
        raise PageError("EK604", f"island `{name}` has items, and nothing says which to show", help)

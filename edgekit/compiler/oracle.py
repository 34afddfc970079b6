"""Jinja's own full render, which replay must equal: the same sandbox and names, plain values in the place of slots."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from markupsafe import Markup

from edgekit.compiler.environment import PageEnvironment, page_variables
from edgekit.compiler.island import END, format_begin
from edgekit.fragment.values import Value
from edgekit.model.island import format_mark
from edgekit.model.slot import Slot
from edgekit.project.site import Page, Site


class PlainFields:
    """`user`, `segment` or `request` with plain values: attributes and nothing else."""

    __slots__ = ("_lists", "_values")

    def __init__(self, values: Mapping[str, Any], lists: Mapping[str, Callable[[], Markup]] | None = None) -> None:
        self._values = values
        self._lists = lists or {}

    def __getattr__(self, name: str) -> Any:
        if name not in self._values and name not in self._lists:
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        return self._lists[name]() if name in self._lists else self._values[name]


class OracleEnvironment(PageEnvironment):
    """Prints a client island's fallback, and whatever `island` gives in the place of another."""

    island: Callable[[str], str]

    def read_attribute(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if type(obj) is PlainFields else super().read_attribute(obj, attribute)

    def place_island(self, name: str) -> Markup:
        return Markup(self.island(name))  # noqa: S704  (a template's own text)

    def begin_island(self, name: str) -> Markup:
        return Markup(format_begin(name))  # noqa: S704

    def end_island(self) -> Markup:
        return Markup(END)  # noqa: S704


class Oracle:
    """Renders the pages of a site in full."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.environment = OracleEnvironment(site)

    def render(self, page: Page, tier: str, values: Mapping[str, Value]) -> bytes:
        """The page for a tier; `values` gives each slot's normalised value by its source (`user.name`).

        Of a list slot these are the keys of the items to show; none for its default island.
        Raises what Jinja raises; a page that compiles raises nothing.
        """

        def render_island(name: str) -> str:
            island = self.site.islands[name].page
            assert island is not None
            return self._parts.render(island, tier, values).decode()

        def render_items(slot: Slot) -> str:
            keys = values[slot.source]
            assert isinstance(keys, tuple)
            items = self.site.islands[slot.island].items
            shown = [self._parts.render(items[key], tier, values).decode() for key in keys]
            return "".join(shown) if shown else render_island(str(slot.default))

        return self._render(page, tier, values, render_island, render_items)

    def render_shell(self, page: Page, tier: str, values: Mapping[str, Value]) -> bytes:
        """The page with marks where islands go; the value of a list slot is the markup that stands for its items."""
        return self._render(page, tier, values, format_mark, lambda slot: str(values[slot.source]))

    @cached_property
    def _parts(self) -> "Oracle":
        """Renders islands and items: they see nothing of the page, not even the state of modules that both import."""
        return Oracle(self.site)

    def _render(
        self,
        page: Page,
        tier: str,
        values: Mapping[str, Value],
        island: Callable[[str], str],
        items: Callable[[Slot], str],
    ) -> bytes:
        self.environment.page_serial += 1
        self.environment.island = island
        template = self.environment.get_template(page.template)
        fields = plain_fields(self.site, tier, values, items)
        return template.render(page_variables(page, tier, fields)).encode()


def plain_fields(
    site: Site, tier: str, values: Mapping[str, Value], items: Callable[[Slot], str] = lambda slot: ""
) -> dict[str, PlainFields]:
    """`user`, `segment` and `request` with these values; `items` gives what a list slot prints, when it is read."""
    roots: dict[str, dict[str, Any]] = {"user": {}, "segment": {**site.tiers[tier]}, "request": {}}
    groups: dict[str, dict[str, Any]] = {"query": {}, "cookie": {}, "header": {}}
    lists: dict[str, Callable[[], Markup]] = {}
    for slot in site.slots.values():
        group, dot, name = slot.field.partition(".")
        if slot.island:
            lists[slot.field] = lambda slot=slot: Markup(items(slot))  # type: ignore[misc]  # noqa: S704
        elif slot.root == "request" and dot:
            groups[group][name] = values[slot.source]
        else:
            roots[slot.root][slot.field] = values[slot.source]
    roots["user"]["tier"] = tier
    roots["request"].update({group: PlainFields(fields) for group, fields in groups.items()})
    return {root: PlainFields(fields, lists if root == "user" else None) for root, fields in roots.items()}


def render_oracle(site: Site, page: Page, tier: str, values: Mapping[str, Value]) -> bytes:
    """`Oracle(site).render(…)`, for one page."""
    return Oracle(site).render(page, tier, values)

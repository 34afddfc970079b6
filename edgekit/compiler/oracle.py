"""Jinja's own full render, which replay must equal: the same sandbox and names, plain values in the place of slots."""

from collections.abc import Mapping
from typing import Any

from edgekit.compiler.environment import PageEnvironment, page_variables
from edgekit.model.slot import Slot
from edgekit.project.site import Page, Site


class PlainFields:
    """`user`, `segment` or `request` with plain values: attributes and nothing else."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name: str) -> Any:
        return self._values[name]


class OracleEnvironment(PageEnvironment):
    def read_attribute(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if type(obj) is PlainFields else super().read_attribute(obj, attribute)


class Oracle:
    """Renders the pages of a site in full."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.environment = OracleEnvironment(site)

    def render(self, page: Page, tier: str, values: Mapping[str, str | int]) -> bytes:
        """The page for a tier; `values` gives each slot's normalised value by its source (`user.name`).

        Raises what Jinja raises; a page that compiles raises nothing.
        """
        self.environment.page_serial += 1
        template = self.environment.get_template(page.template)
        fields = plain_fields(self.site, tier, values)
        return template.render(page_variables(page, tier, fields)).encode()


def plain_fields(site: Site, tier: str, values: Mapping[str, str | int]) -> dict[str, PlainFields]:
    roots: dict[str, dict[str, Any]] = {"user": {}, "segment": {**site.tiers[tier]}, "request": {}}
    groups: dict[str, dict[str, Any]] = {"query": {}, "cookie": {}, "header": {}}
    for slot in site.slots.values():
        group, dot, name = slot.field.partition(".")
        if slot.root == "request" and dot:
            groups[group][name] = _value(slot, values)
        else:
            roots[slot.root][slot.field] = _value(slot, values)
    roots["user"]["tier"] = tier
    roots["request"].update({group: PlainFields(fields) for group, fields in groups.items()})
    return {root: PlainFields(fields) for root, fields in roots.items()}


def _value(slot: Slot, values: Mapping[str, str | int]) -> str | int:
    return values[slot.source]


def render_oracle(site: Site, page: Page, tier: str, values: Mapping[str, str | int]) -> bytes:
    """`Oracle(site).render(…)`, for one page."""
    return Oracle(site).render(page, tier, values)

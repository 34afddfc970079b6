"""What a site's reads stand for now: equal digests, equal reads (`names`)."""

from typing import Any, Final

import msgspec
from jinja2 import TemplateNotFound

from edgekit.compiler import names
from edgekit.compiler.loader import TemplateLoader, UnreadableTemplateError
from edgekit.model.digest import digest
from edgekit.project.answered import AnsweredPaths
from edgekit.project.frozen import FrozenDict
from edgekit.project.site import Page, Site
from edgekit.project.toolchain import loaded_toolchain

_UNREADABLE: Final = "unreadable"
"""In the place of a digest, for a template that is there but cannot be read."""

_METHODS: Final = frozenset(dir(FrozenDict))
"""A key of such a name may be the dict's own method, as in any Jinja."""


class Digests:
    """Of one site, each found out once."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.links = AnsweredPaths(site.pages, site.assets.values(), site.redirects, site.origin)
        self._loader = TemplateLoader(site)
        self._sources = {slot.source: slot for slot in site.slots.values()}
        self._lists = site.shown_by_lists()
        self._known: dict[str, str] = {}

    def of_page(self, page: Page) -> str:
        """What a page is before it reads anything."""
        in_list = page.island in self._lists
        return _digest((page.template, page.params, page.item_name, page.item, page.delivery, page.island, in_list))

    def of_read(self, read: str) -> str:
        """What stands under a read's name; empty for nothing."""
        if read not in self._known:
            self._known[read] = self._find(*names.split_read(read))
        return self._known[read]

    def _find(self, kind: str, name: str) -> str:
        site = self.site
        match kind:
            case names.TEMPLATE:
                return self._of_template(name)
            case names.ASSET:
                return _digest(site.assets[name].url) if name in site.assets else ""
            case names.DATA:
                return _digest_path(site.data, names.split_data(name))
            case names.FIELD:
                values = [(tier, name in fields, fields.get(name)) for tier, fields in sorted(site.tiers.items())]
                return _digest((self._of_slot(f"{kind}.{name}"), values))
            case names.SLOT:
                return self._of_slot(name)
            case names.ISLAND:
                return _digest(site.islands[name].page is None) if name in site.islands else ""
            case names.LINK:
                return _digest("answered") if self.links.answers(name) else ""
            case names.FUNCTIONS:
                return site.jinja.functions.digest
            case names.CLOCK | names.UNSETTLED:
                return _digest(site.build_time)
        assert kind == names.SETTINGS
        return self._of_settings()

    def _of_template(self, name: str) -> str:
        try:
            return self._loader.digest_of(*self._loader.read(name))
        except TemplateNotFound:
            return ""
        except UnreadableTemplateError:
            return _UNREADABLE

    def _of_slot(self, source: str) -> str:
        slot = self._sources.get(source)
        return digest(msgspec.json.encode(slot)).hex() if slot else ""

    def _of_settings(self) -> str:
        """What any page may depend on. `[budget] cpu_ms` is none of it: all pages are counted in every build."""
        site, jinja = self.site, self.site.jinja
        own = [sorted(table) for table in (jinja.functions.filters, jinja.functions.tests, jinja.functions.globals)]
        options = jinja.trim_blocks, jinja.lstrip_blocks, jinja.keep_trailing_newline
        limits = site.max_variants, site.page_kib
        tiers = sorted(site.tiers)
        return _digest(
            (loaded_toolchain(), jinja.extensions, options, own, site.base_url, site.default_tier, tiers, limits)
        )


def _digest_path(data: FrozenDict, keys: list[str]) -> str:
    """What the keys lead to; the last that a key cannot be looked up in, with how far that is; empty where only the
    last key is missing. Without one before it, a page fails that asks whether the last `is defined`."""
    node: Any = data
    for depth, key in enumerate(keys):
        if type(node) is not FrozenDict or key in _METHODS or key.startswith("_"):
            return _digest((depth, node))
        if key not in node:
            return _digest(depth) if depth < len(keys) - 1 else ""
        node = node[key]
    return _digest((len(keys), node))


def _digest(value: object) -> str:
    """Of plain data by the text that Python writes for it, which tells 1, 1.0, True and "1" apart, and any order."""
    return digest(repr(value).encode()).hex()

"""The typed site: what the other rooms know of a site folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.manifest import Delivery, Identity, RedirectRule, Ttl
from edgekit.model.origin import Origin
from edgekit.model.slot import Slot
from edgekit.project.frozen import FrozenDict


@dataclass(frozen=True, slots=True)
class Page:
    """One URL path and the template that makes it.

    `path` is canonical and decoded (`/product/p-100`); the error pages have `404` and `503`.
    `template` is its name relative to the site folder (`pages/product/[sku].html`).
    `params` are the values of the path's `[names]`; `item` is the page's item of its `each` list, under `item_name`.
    `delivery` is what `[pages."…"]` asserts: the page must not read more.
    An island, and an item of one, is compiled as a page is: at a path that no request has, and with its island's name.
    """

    path: str
    template: str
    params: FrozenDict
    item_name: str | None = None
    item: FrozenDict | None = None
    delivery: Delivery | None = None
    island: str = ""


@dataclass(frozen=True, slots=True)
class Island:
    """A file of `islands/`: a plain island has a `page`; one with `each` has `items` by their keys instead."""

    name: str
    page: Page | None = None
    items: Mapping[str, Page] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of `static/`: its name there, its file, its content-addressed URL (`/static/shop.3f2a1b9c.css`), and the
    digest (hex) of its content. Of that the URL has only a part, which two contents may share."""

    name: str
    file: Path
    url: str
    digest: str


@dataclass(frozen=True, slots=True)
class Functions:
    """The site's own functions (and, among globals, frozen constants) by their names in templates.

    `sources` are the files below the site's parent folder that they were imported from, sorted. `looked_at` are all
    places that were looked at for modules, those included, and the files of modules from elsewhere that they could use,
    each with what was there: a file's digest (as `fingerprint.digest_at` has it), FOLDER_MARK, or nothing. `digest`
    (hex) is of those and of what `[jinja]` names.
    """

    filters: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    tests: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    globals: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[Path, ...] = ()
    looked_at: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True, slots=True)
class JinjaOptions:
    """`[jinja]`: more template folders (absolute), the site's own functions, extensions, whitespace options.

    `written` are the same folders as `edgekit.toml` has them: relative to the site, links not followed.
    """

    paths: tuple[Path, ...] = ()
    written: tuple[str, ...] = ()
    functions: Functions = field(default_factory=Functions)
    extensions: tuple[str, ...] = ()
    trim_blocks: bool = False
    lstrip_blocks: bool = False
    keep_trailing_newline: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A site folder, read.

    `slots` and `islands` by name; `tiers` maps a tier to its configuration file's content, live fields included; `data`
    maps a file's name without ending to its content; `assets` by name; `pages` sorted by path. All of it is frozen.
    `redirects` are in the order in which they are tried; `headers` maps a pattern of paths to names and values, as a
    manifest does. `warnings` are of what the folder has and what does nothing.
    `inputs` is a digest of all files but templates and assets that a page may read: equal ones, equal pages.
    `beside` are other files that were read, by their absolute paths, with what `digest_at` gave before.
    `store` is `[build] store` as an absolute path, or None. `build_time` is the one clock that pages may read, in UTC.
    """

    root: Path
    base_url: str
    default_tier: str
    store: Path | None
    slots: Mapping[str, Slot]
    tiers: Mapping[str, FrozenDict]
    data: FrozenDict
    pages: tuple[Page, ...]
    islands: Mapping[str, Island]
    assets: Mapping[str, Asset]
    redirects: tuple[RedirectRule, ...]
    headers: Mapping[str, Mapping[str, str]]
    origin: Origin | None
    share_segments: bool
    jinja: JinjaOptions
    ttl: Ttl
    identity: Identity
    beside: Mapping[str, str]
    cpu_ms: int
    page_kib: int
    max_variants: int
    build_time: datetime
    warnings: tuple[Diagnostic, ...]
    inputs: str

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """Where a template's name is looked for, in this order."""
        return self.root / "templates", self.root, *self.jinja.paths

    def all_pages(self) -> tuple[Page, ...]:
        """All that is compiled: the pages, then the islands and items, by their names and keys."""
        islands = (page for island in self.islands.values() for page in (island.page, *island.items.values()))
        return (*self.pages, *(page for page in islands if page is not None))

    def shown_by_lists(self) -> frozenset[str]:
        """The islands that have items, and those that list slots show when nothing is left."""
        defaults = (str(slot.default) for slot in self.slots.values() if slot.island)
        return frozenset([*defaults, *(island.name for island in self.islands.values() if island.page is None)])

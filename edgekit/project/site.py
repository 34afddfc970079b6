"""The typed site: what the other rooms know of a site folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgekit.model.manifest import Delivery, Identity, Ttl
from edgekit.model.slot import Slot
from edgekit.project.frozen import FrozenDict


@dataclass(frozen=True, slots=True)
class Page:
    """One URL path and the template that makes it.

    `path` is canonical and decoded (`/product/p-100`); the error pages have `404` and `503`.
    `template` is its name relative to the site folder (`pages/product/[sku].html`).
    `params` are the values of the path's `[names]`; `item` is the page's item of its `each` list, under `item_name`.
    `delivery` is what `[pages."…"]` asserts: the page must not read more.
    """

    path: str
    template: str
    params: FrozenDict
    item_name: str | None = None
    item: FrozenDict | None = None
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of `static/`: its name there, its file, and its content-addressed URL (`/static/shop.3f2a1b9c.css`)."""

    name: str
    file: Path
    url: str


@dataclass(frozen=True, slots=True)
class JinjaOptions:
    """`[jinja]`: more template folders (absolute) and Jinja's whitespace options."""

    paths: tuple[Path, ...] = ()
    trim_blocks: bool = False
    lstrip_blocks: bool = False
    keep_trailing_newline: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A site folder, read.

    `slots` by name; `tiers` maps a tier to its configuration file's content, live fields included; `data` maps a
    file's name without ending to its content; `assets` by name; `pages` sorted by path. All of it is frozen data.
    `store` is `[build] store` as an absolute path, or None.
    """

    root: Path
    base_url: str
    default_tier: str
    store: Path | None
    slots: Mapping[str, Slot]
    tiers: Mapping[str, FrozenDict]
    data: FrozenDict
    pages: tuple[Page, ...]
    assets: Mapping[str, Asset]
    jinja: JinjaOptions
    ttl: Ttl
    identity: Identity
    cpu_ms: int
    page_kib: int
    max_variants: int

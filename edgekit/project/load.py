"""A site folder → a typed `Site`."""

import os
from datetime import datetime
from pathlib import Path

from edgekit.project.assets import read_assets
from edgekit.project.clock import read_clock
from edgekit.project.config import CONFIG_NAME, JinjaTable, read_config, store_path
from edgekit.project.data import read_data
from edgekit.project.fingerprint import digest_at
from edgekit.project.frozen import FrozenDict
from edgekit.project.functions import read_functions
from edgekit.project.headers import read_headers
from edgekit.project.identity import read_identity
from edgekit.project.inputs import digest_files, list_inputs
from edgekit.project.islands import read_islands
from edgekit.project.origin import read_origin
from edgekit.project.pages import read_pages
from edgekit.project.problems import Problems
from edgekit.project.redirects import read_redirects
from edgekit.project.root import site_root
from edgekit.project.sample import check_sample_users
from edgekit.project.site import JinjaOptions, Site
from edgekit.project.slots import read_slots
from edgekit.project.tiers import check_default_tier, read_tiers
from edgekit.project.toml import TomlFile, note


def load_site(root: Path, *, build_time: datetime | None = None) -> Site:
    """Read the site folder `root`; compiles nothing, but imports the site's own filters, tests and globals.

    `build_time` is in UTC; without it SOURCE_DATE_EPOCH says it, else it is now.
    Raises EdgekitError with everything that is wrong: status 2 for configuration, segments and data (EK1xx), 1 if
    only pages have problems (EK4xx).
    """
    root = site_root(root)
    problems = Problems()
    inputs = digest_files(list_inputs(root), root)  # first: if one changes meanwhile, it is not taken for what was read
    read = read_config(root, problems)
    if read is None:
        problems.stop_if_any()
    assert read is not None
    toml, config = read
    tiers = read_tiers(root, problems)
    check_default_tier(config.site.default_tier, tiers, toml, problems)
    data = read_data(root, problems)
    islands = read_islands(root, config.islands, data, tuple(tiers), toml, problems)
    slots = read_slots(config.slots, tiers, islands, toml, problems)
    pages = read_pages(root, config.pages, data, tuple(tiers), toml, problems)
    assets = read_assets(root, problems)
    origin = read_origin(config.origin, pages, toml, problems)
    redirects = read_redirects(config.redirects, config.site.base_url, pages, assets.values(), origin, toml, problems)
    headers = read_headers(config.headers, toml, problems)
    jinja = _read_jinja(root, config.jinja, toml, problems)
    keys = config.identity.jwks
    beside = {str(root / keys): digest_at(str(root / keys))} if keys.isprintable() and keys else {}
    identity = read_identity(root, config.identity, slots, toml, problems)
    problems.stop_if_any()
    check_sample_users(root, tiers.keys(), config.site.default_tier, problems)
    return Site(
        root=root,
        base_url=config.site.base_url,
        default_tier=config.site.default_tier,
        store=store_path(root, config.build),
        slots=slots,
        tiers=FrozenDict((tier, content) for tier, (_, content) in tiers.items()),
        data=data,
        pages=pages,
        islands=islands,
        assets=assets,
        redirects=redirects,
        headers=headers,
        origin=origin,
        share_segments=config.cache.share_segments,
        jinja=jinja,
        ttl=config.kv.ttl,
        identity=identity,
        beside=beside,
        cpu_ms=config.budget.cpu_ms,
        page_kib=config.budget.page_kib,
        max_variants=config.budget.max_variants,
        build_time=build_time or read_clock(),
        warnings=problems.warnings,
        inputs=inputs + jinja.functions.digest,
    )


def _read_jinja(root: Path, table: JinjaTable, toml: TomlFile, problems: Problems) -> JinjaOptions:
    folders = []
    for path in table.paths:
        folder = Path(root, path)
        if not os.path.isdir(folder):  # unlike Path's, it takes every name
            note(
                problems,
                toml,
                ("jinja", "paths"),
                "EK113",
                f"the template folder `{path}` does not exist",
                help=f"paths are relative to the folder of `{CONFIG_NAME}`",
            )
        else:
            folders.append(folder.resolve())
    return JinjaOptions(
        paths=tuple(folders),
        written=tuple(table.paths),
        functions=read_functions(root, table, toml, problems),
        extensions=tuple(dict.fromkeys(table.extensions)),
        trim_blocks=table.trim_blocks,
        lstrip_blocks=table.lstrip_blocks,
        keep_trailing_newline=table.keep_trailing_newline,
    )

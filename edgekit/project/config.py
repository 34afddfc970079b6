"""`edgekit.toml` as it is written: its tables, their keys and kinds, and the rules that need nothing but the value."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from edgekit.model.manifest import Delivery, Identity, Ttl
from edgekit.model.slot import SlotType
from edgekit.project.problems import Problems
from edgekit.project.table import read_table
from edgekit.project.toml import TomlFile, note, read_toml

CONFIG_NAME: Final = "edgekit.toml"
MAX_CONFIG_BYTES: Final = 1024 * 1024
MAX_TTL: Final = 10 * 366 * 86_400
"""Ten years in seconds; who means longer writes 0."""

TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""The name of a header or a cookie (RFC 9110, 5.6.2)."""

Text = Annotated[str, msgspec.Meta(min_length=1)]


class SiteTable(msgspec.Struct, frozen=True):
    base_url: Text = ""
    default_tier: Text = ""


class BuildTable(msgspec.Struct, frozen=True):
    store: Text | None = None


class PageTable(msgspec.Struct, frozen=True, rename={"item_name": "as"}):
    each: Text | None = None
    item_name: Text = "item"
    delivery: Delivery | None = None


class SlotTable(msgspec.Struct, frozen=True, rename={"source": "from"}):
    """`default` is typed by hand: what it must be depends on `type`."""

    source: Text = ""
    type: SlotType = "string"
    default: Any = None
    max_length: int | None = None
    choices: tuple[str, ...] | None = None
    island: Text = ""
    max_items: int | None = None


class IslandTable(msgspec.Struct, frozen=True, rename={"item_name": "as"}):
    each: Text = ""
    item_name: Text = "item"
    key: Text = ""


class KvTable(msgspec.Struct, frozen=True):
    ttl: Ttl = Ttl()


class RedirectTable(msgspec.Struct, frozen=True):
    to: Text = ""
    status: Literal[301, 302, 303, 307, 308] = 308


class JinjaTable(msgspec.Struct, frozen=True):
    paths: tuple[Text, ...] = ()
    filters: dict[str, str] = {}
    tests: dict[str, str] = {}
    globals: dict[str, str] = {}
    extensions: tuple[Literal["do", "loopcontrols", "i18n"], ...] = ()
    trim_blocks: bool = False
    lstrip_blocks: bool = False
    keep_trailing_newline: bool = False


class BudgetTable(msgspec.Struct, frozen=True):
    cpu_ms: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 50
    page_kib: Annotated[int, msgspec.Meta(ge=1, le=25 * 1024)] = 1024
    max_variants: Annotated[int, msgspec.Meta(ge=1, le=256)] = 16


class IdentityTable(msgspec.Struct, frozen=True):
    mode: Literal["header"] = "header"
    header: Text = "x-user-id"
    trusted_proxies: tuple[Text, ...] = Identity().trusted_proxies


class Config(msgspec.Struct, frozen=True):
    site: SiteTable = SiteTable()
    build: BuildTable = BuildTable()
    pages: dict[str, PageTable] = {}
    slots: dict[str, SlotTable] = {}
    islands: dict[str, IslandTable] = {}
    kv: KvTable = KvTable()
    redirects: dict[str, Text | RedirectTable] = {}
    headers: dict[str, dict[str, str]] = {}
    jinja: JinjaTable = JinjaTable()
    budget: BudgetTable = BudgetTable()
    identity: IdentityTable = IdentityTable()


def read_config(root: Path, problems: Problems) -> tuple[TomlFile, Config] | None:
    """The configuration of the site folder `root`; None, with a problem noted, if it cannot be read at all."""
    toml = read_toml(root / CONFIG_NAME, MAX_CONFIG_BYTES, problems)
    if toml is None:
        return None
    config = read_table(Config, toml.content, (), toml, problems)
    _check_site(toml, config.site, problems)
    for name, seconds in (("user", config.kv.ttl.user), ("segment", config.kv.ttl.segment)):
        if not 0 <= seconds <= MAX_TTL:
            note(
                problems,
                toml,
                ("kv", "ttl", name),
                "EK113",
                f"`kv.ttl.{name}` is `{seconds}` seconds",
                help=f"write 0 (never expires) to {MAX_TTL} (ten years)",
            )
    return toml, config


def read_store(root: Path) -> Path | None:
    """`[build] store` of the site folder `root` as an absolute path, without a look at the rest of the site.

    Raises EdgekitError if `edgekit.toml` cannot be read or its table `[build]` is wrong.
    """
    problems = Problems()
    toml = read_toml(root / CONFIG_NAME, MAX_CONFIG_BYTES, problems)
    problems.stop_if_any()
    assert toml is not None
    build = toml.content.get("build")
    table = read_table(BuildTable, build if isinstance(build, dict) else {}, ("build",), toml, problems)
    problems.stop_if_any()
    return store_path(root, table)


def store_path(root: Path, table: BuildTable) -> Path | None:
    """`[build] store` is relative to the site folder."""
    return None if table.store is None else Path(root, table.store).resolve()


def read_identity(toml: TomlFile, table: IdentityTable, problems: Problems) -> Identity:
    """Header names compare without case, so the name is kept in lower case."""
    if not TOKEN.fullmatch(table.header):
        note(
            problems,
            toml,
            ("identity", "header"),
            "EK113",
            f"`{table.header}` is no name of a header",
            help="write a name such as `x-user-id`",
        )
    for proxy in table.trusted_proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            note(
                problems,
                toml,
                ("identity", "trusted_proxies"),
                "EK113",
                f"`{proxy}` is no network: {error}",
                help="write networks such as `10.0.0.0/8` or `::1/128`",
            )
    return Identity(mode=table.mode, header=table.header.lower(), trusted_proxies=table.trusted_proxies)


def _check_site(toml: TomlFile, site: SiteTable, problems: Problems) -> None:
    written = toml.content.get("site", {})
    for key, example in (("base_url", "https://shop.example"), ("default_tier", "free")):
        if isinstance(written, dict) and key not in written:
            note(problems, toml, ("site", key), "EK112", f"`site.{key}` is missing", help=f'add `{key} = "{example}"`')
    if site.base_url and not is_origin(site.base_url):
        note(
            problems,
            toml,
            ("site", "base_url"),
            "EK113",
            f"`{site.base_url}` is not scheme and host alone",
            help="write `https://shop.example`, without a path or a slash at the end",
        )


def is_origin(url: str) -> bool:
    """Is `url` a scheme (http or https) and a host, perhaps with a port, and nothing else?"""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    written = f"[{host}]" if ":" in host else host
    plain = f"{parts.scheme}://{written}" + (f":{port}" if port is not None else "")
    return parts.scheme in {"http", "https"} and bool(re.fullmatch(r"[a-z0-9.:-]+", host)) and plain == url.lower()

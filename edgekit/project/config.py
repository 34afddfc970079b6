"""`edgekit.toml` as it is written: its tables, their keys and kinds, and the rules that need nothing but the value.

What a key is for stands here and nowhere else: the JSON Schema (`schema`) and docs/site.md are made of it.
"""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from edgekit.model.jwk import Algorithm
from edgekit.model.manifest import Delivery, Identity, Ttl
from edgekit.model.origin import is_origin
from edgekit.model.slot import SlotType
from edgekit.project.problems import Problems
from edgekit.project.table import read_table
from edgekit.project.toml import TomlFile, note, read_toml

CONFIG_NAME: Final = "edgekit.toml"
MAX_CONFIG_BYTES: Final = 1024 * 1024
MAX_TTL: Final = 10 * 366 * 86_400
"""Ten years in seconds; who means longer writes 0."""
MAX_KEPT_RELEASES: Final = 1_000

REQUIRED: Final = {"x-required": True}
"""Marks a key that every table of its kind needs, for the JSON Schema."""

Text = Annotated[str, Meta(min_length=1)]


class SiteTable(msgspec.Struct, frozen=True):
    """The site as a whole."""

    base_url: Annotated[
        Text,
        Meta(
            description="Scheme and host of the site, without a path.",
            examples=["https://shop.example"],
            extra_json_schema=REQUIRED,
        ),
    ] = ""
    default_tier: Annotated[
        Text,
        Meta(
            description="The tier of who is not known: the name of a file in `segments/`.",
            examples=["free"],
            extra_json_schema=REQUIRED,
        ),
    ] = ""


class BuildTable(msgspec.Struct, frozen=True):
    """Where a build goes."""

    store: Annotated[
        Text | None,
        Meta(
            description="The store's file, relative to `edgekit.toml`; else `build/edge.lmdb` in the current folder.",
            examples=["../build/edge.lmdb"],
        ),
    ] = None
    keep_releases: Annotated[
        int,
        Meta(
            ge=1,
            le=MAX_KEPT_RELEASES,
            description="How many of the last published releases `edgekit releases prune` keeps.",
        ),
    ] = 5


class PageTable(msgspec.Struct, frozen=True, rename={"item_name": "as"}):
    """A page, by its file's name below `pages/`."""

    each: Annotated[
        Text | None,
        Meta(
            description="The list of tables of which each makes a page: `data.<file>`, and `.<key>` for each step into "
            "it. A page with a parameter needs it.",
            examples=["data.products"],
        ),
    ] = None
    item_name: Annotated[Text, Meta(description="What the template calls the item.", examples=["product"])] = "item"
    delivery: Annotated[
        Delivery | None,
        Meta(
            description="A promise, `static`, `segment` or `user`: a page that reads more than that is an error. "
            "Without it the class is inferred.",
            examples=["static"],
        ),
    ] = None


class SlotTable(msgspec.Struct, frozen=True, rename={"source": "from"}):
    """A value that is known only at request time, by the name of its placeholder."""

    source: Annotated[
        Text,
        Meta(
            description="Where the value comes from: `user.<field>`, `user.known`, `segment.<field>`, `request.path`, "
            "`request.host`, `request.query.<name>`, `request.cookie.<name>` or `request.header.<name>`.",
            examples=["user.name", "segment.hero", "request.query.q"],
            extra_json_schema=REQUIRED,
        ),
    ] = ""
    type: Annotated[SlotType, Meta(description="`string` or `integer`.", examples=["integer"])] = "string"
    default: Annotated[
        Any,  # what it must be depends on `type`
        Meta(
            description="Shown when the value is missing, too long, of the wrong type or none of the choices. Needed, "
            "but not for `segment.<field>` and `user.known`.",
            examples=["there", 0],
            extra_json_schema={"type": ["string", "integer"]},
        ),
    ] = None
    max_length: Annotated[
        int | None,
        Meta(
            description="How many code points a string may have, at most 16384. Needed for strings without `choices`.",
            examples=[40],
        ),
    ] = None
    choices: Annotated[
        tuple[str, ...] | None,
        Meta(
            description="The allowed values, different strings of at most 256 bytes. Templates may do anything with "
            "such a slot.",
            examples=[["guest", "member"]],
        ),
    ] = None
    island: Annotated[
        Text,
        Meta(
            description="Makes it a list slot, and names the island whose items it prints for the user's list of keys; "
            "`default` is then the name of the island that is shown when nothing is left.",
            examples=["product-card"],
        ),
    ] = ""
    max_items: Annotated[
        int | None,
        Meta(description="How many items are shown at most, 1 to 100. Needed for a list slot.", examples=[4]),
    ] = None


class IslandTable(msgspec.Struct, frozen=True, rename={"item_name": "as"}):
    """The items of an island, by its name: its template is compiled once for each."""

    each: Annotated[
        Text,
        Meta(
            description="The list of tables of which each makes an item: `data.<file>`, and `.<key>` for each step "
            "into it.",
            examples=["data.products"],
            extra_json_schema=REQUIRED,
        ),
    ] = ""
    item_name: Annotated[Text, Meta(description="What the template calls the item.", examples=["product"])] = "item"
    key: Annotated[
        Text,
        Meta(
            description="The item's field that list values name: of letters, digits, `.`, `_`, `~` and `-`, each once.",
            examples=["sku"],
            extra_json_schema=REQUIRED,
        ),
    ] = ""


class KvTable(msgspec.Struct, frozen=True):
    """The store's records."""

    ttl: Ttl = Ttl()


class CacheTable(msgspec.Struct, frozen=True):
    """What caches in front may keep."""

    share_segments: Annotated[
        bool,
        Meta(
            description="A trusted proxy that says the visitor's tier as `x-user-segment` may keep a page that depends "
            "on nothing else, for all visitors of the tier: `true` tells it so.",
            examples=[True],
        ),
    ] = False


class RedirectTable(msgspec.Struct, frozen=True):
    """Where a redirect leads, and how."""

    to: Annotated[
        Text,
        Meta(description="A path of the site, or a URL.", examples=["/new/[x]"], extra_json_schema=REQUIRED),
    ] = ""
    status: Annotated[
        Literal[301, 302, 303, 307, 308], Meta(description="The status of the answer.", examples=[302])
    ] = 308


class JinjaTable(msgspec.Struct, frozen=True):
    """Jinja, and the site's own Python for it."""

    paths: Annotated[
        tuple[Text, ...],
        Meta(description="More folders of templates, relative to `edgekit.toml`.", examples=[["../theme"]]),
    ] = ()
    filters: Annotated[
        dict[str, str],
        Meta(
            description='The site\'s own filters, by name: `money = "shop.filters:money"`. The modules lie beside the '
            "site's folder.",
            examples=[{"money": "shop.filters:money"}],
        ),
    ] = {}
    tests: Annotated[
        dict[str, str],
        Meta(description="The site's own tests, likewise.", examples=[{"cheap": "shop.filters:is_cheap"}]),
    ] = {}
    globals: Annotated[
        dict[str, str],
        Meta(description="The site's own functions and constants, likewise.", examples=[{"menu": "shop.menu:menu"}]),
    ] = {}
    extensions: Annotated[
        tuple[Literal["do", "loopcontrols", "i18n"], ...],
        Meta(description="Of Jinja's: `do`, `loopcontrols`, `i18n`.", examples=[["do", "i18n"]]),
    ] = ()
    trim_blocks: Annotated[bool, Meta(description="Jinja's own option: no line break behind a block's tag.")] = False
    lstrip_blocks: Annotated[bool, Meta(description="Jinja's own option: no indentation before a block's tag.")] = False
    keep_trailing_newline: Annotated[
        bool, Meta(description="Jinja's own option: the line break at a template's end stays.")
    ] = False


class BudgetTable(msgspec.Struct, frozen=True):
    """What a page may cost."""

    cpu_ms: Annotated[
        int,
        Meta(
            ge=1,
            le=60_000,
            description="Milliseconds: a request that uses more CPU is answered with 429, and a page that could is an "
            "error.",
        ),
    ] = 50
    page_kib: Annotated[int, Meta(ge=1, le=25 * 1024, description="KiB: a larger fragment is an error.")] = 1024
    max_variants: Annotated[
        int,
        Meta(
            ge=1,
            le=256,
            description="A page whose choice slots have a larger product of choices is an error; at most 256.",
        ),
    ] = 16


class IdentityTable(msgspec.Struct, frozen=True):
    """How a request's user is known."""

    mode: Annotated[
        Literal["header", "jwt", "cookie"],
        Meta(
            description="`header`: a trusted proxy names the user; `jwt`: a signed token does; `cookie`: a cookie that "
            "the site's own application signs.",
            examples=["jwt"],
        ),
    ] = "header"
    header: Annotated[Text, Meta(description="The header that carries the user's id (`header`).")] = "x-user-id"
    trusted_proxies: Annotated[
        tuple[Text, ...],
        Meta(description="Networks whose header is believed; from elsewhere it is dropped.", examples=[["10.0.0.0/8"]]),
    ] = Identity().trusted_proxies
    issuer: Annotated[
        Text,
        Meta(description="Who must have issued a token: its `iss` (`jwt`).", examples=["https://login.example/"]),
    ] = ""
    audience: Annotated[
        Text, Meta(description="Whom a token must be for: its `aud`, or one of them (`jwt`).", examples=["shop"])
    ] = ""
    algorithms: Annotated[
        tuple[Algorithm, ...],
        Meta(
            description="How tokens are signed; no other way is believed. Either with a secret (`HS256`, …) or with "
            "the key to a public one (`RS256`, `PS256`, `ES256`, `EdDSA`, …) (`jwt`).",
            examples=[["RS256"]],
        ),
    ] = ()
    jwks: Annotated[
        Text,
        Meta(
            description="The file with the issuer's public keys, a JSON Web Key Set, relative to `edgekit.toml` "
            "(`jwt`).",
            examples=["login.jwks.json"],
        ),
    ] = ""
    cookie: Annotated[
        Text,
        Meta(
            description="The cookie with the signed id (`cookie`), or with the token, which else is in the header "
            "`Authorization` (`jwt`).",
            examples=["session"],
        ),
    ] = ""
    insecure: Annotated[
        bool,
        Meta(description="The cookie is not signed: everybody can be anybody. For development only (`cookie`)."),
    ] = False
    claims: Annotated[
        dict[str, Text],
        Meta(
            description="The user's fields that a token tells, each with the name of its claim; they win over the "
            "record. `id` is `sub` if nothing else is written (`jwt`).",
            examples=[{"tier": "plan", "name": "given_name"}],
        ),
    ] = {}


class OriginTable(msgspec.Struct, frozen=True):
    """The application behind the site."""

    url: Annotated[
        Text,
        Meta(
            description="Scheme, host and perhaps a port, without a path.",
            examples=["http://127.0.0.1:8000"],
            extra_json_schema=REQUIRED,
        ),
    ] = ""
    paths: Annotated[
        tuple[Text, ...],
        Meta(
            description="Paths that it answers, with any method, as requests have them; `*` at the end is any rest.",
            examples=[["/api/*", "/checkout/*"]],
        ),
    ] = ()
    fallback: Annotated[bool, Meta(description="It answers every path that nothing else answers, too.")] = False


class Config(msgspec.Struct, frozen=True):
    """The configuration of an edgekit site."""

    site: SiteTable = SiteTable()
    build: BuildTable = BuildTable()
    pages: dict[str, PageTable] = {}
    slots: dict[str, SlotTable] = {}
    islands: dict[str, IslandTable] = {}
    kv: KvTable = KvTable()
    cache: CacheTable = CacheTable()
    redirects: Annotated[
        dict[str, Text | RedirectTable],
        Meta(
            description='By path: a path or URL, or `{ to = "/", status = 302 }`; `"/old/[x]" = "/new/[x]"` keeps '
            "the part.",
            examples=[{"/shop": "/", "/old/[x]": "/new/[x]"}],
        ),
    ] = {}
    headers: Annotated[
        dict[str, dict[str, str]],
        Meta(
            description="By path, or the beginning of one and `*`: names of headers, each with its value.",
            examples=[{"/product/*": {"x-frame-options": "DENY"}}],
        ),
    ] = {}
    origin: OriginTable | None = None
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
    _check_store(toml, config.build, problems)
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
    return store_path(root, _read_build(root))


def read_keep_releases(root: Path) -> int:
    """`[build] keep_releases` in the same way."""
    return _read_build(root).keep_releases


def _read_build(root: Path) -> BuildTable:
    problems = Problems()
    toml = read_toml(root / CONFIG_NAME, MAX_CONFIG_BYTES, problems)
    problems.stop_if_any()
    assert toml is not None
    build = toml.content.get("build")
    table = read_table(BuildTable, build if isinstance(build, dict) else {}, ("build",), toml, problems)
    _check_store(toml, table, problems)
    problems.stop_if_any()
    return table


def store_path(root: Path, table: BuildTable) -> Path | None:
    """`[build] store` is relative to the site folder."""
    return None if table.store is None else Path(root, table.store).resolve()


def _check_store(toml: TomlFile, table: BuildTable, problems: Problems) -> None:
    if table.store is not None and not table.store.isprintable():
        message = "`build.store` has a control character, so it names no file"
        note(problems, toml, ("build", "store"), "EK113", message, help='write a path such as `"../build/edge.lmdb"`')


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

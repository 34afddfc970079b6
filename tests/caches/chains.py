"""edgekit, a cache of docs/caches.md in front of it, and another one outside, of the other make."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from edgekit.kv.store import LmdbStore, open_store
from tests.caches.programs import Nginx, Varnish, nginx, varnish
from tests.caches.recipes import Recipe, read_recipe
from tests.caches.shop import Application, application, describe
from tests.cli.command import command_line, environment
from tests.document import replaced
from tests.ports import reserved_port
from tests.programs import running
from tests.replay.identity.credentials import SECRET, write_cookie
from tests.replay.serving import write_release

PROXY_SECRET: Final = "a secret that only the proxy knows, of 64 bytes"
_FAR: Final = 4_000_000_000
_IDENTITIES: Final[dict[Recipe, dict[str, Any]]] = {
    "public": {"mode": "cookie", "cookie": "session", "trusted_proxies": ["127.0.0.1/32"], "proxies_named": True},
    "segments": {"trusted_proxies": ["127.0.0.1/32"], "proxies_named": True},
}
_SECRETS: Final[dict[Recipe, dict[str, str]]] = {
    "public": {"EDGEKIT_COOKIE_SECRET": SECRET.decode()},
    "segments": {"EDGEKIT_PROXY_SECRET": PROXY_SECRET},
}
_OUTER_NGINX: Final = """
proxy_cache_path cache/shop keys_zone=shop:1m use_temp_path=off;
server {{
    listen 127.0.0.1:{port};
    gzip off;
    proxy_http_version 1.1;
    proxy_set_header host $host;
    proxy_set_header connection "";
    proxy_cache shop;
    add_header x-outer $upstream_cache_status always;
    location / {{ proxy_pass http://127.0.0.1:{behind}; }}
}}
"""
_OUTER_VARNISH: Final = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{behind}"; }}
sub vcl_deliver {{
    if (obj.hits > 0) {{ set resp.http.x-outer = "HIT"; }} else {{ set resp.http.x-outer = "MISS"; }}
}}
"""


class Site:
    """A store that is served in production by two workers, and its application."""

    def __init__(self, recipe: Recipe, file: Path, store: LmdbStore, application: Application, port: int) -> None:
        self.recipe = recipe
        self.file = file
        self.application = application
        self.release = 0
        self.port = port
        self._store = store

    def publish(self) -> None:
        """The next release, which the next request gets."""
        origin = {"url": f"http://127.0.0.1:{self.application.port}", "paths": ["/api/*"]}
        described = describe(self.release + 1, identity=_IDENTITIES[self.recipe], origin=origin)
        write_release(self._store, described)
        self.release += 1

    def cookie(self, number: int) -> str:
        """What this user's browser sends."""
        if self.recipe == "segments":
            return f"session=s{number}"
        return f"session={write_cookie(f'u{number}', _FAR).decode()}"


class Chain(NamedTuple):
    """Ports to ask at: through both caches, or through the recipe's alone. `name`: recipe and what is inside."""

    name: str
    site: Site
    inner: Varnish | Nginx
    outer: Varnish | Nginx
    inner_port: int
    outer_port: int


@contextmanager
def serve_site(recipe: Recipe, folder: Path) -> Iterator[Site]:
    folder.mkdir()
    file = folder / "edge.lmdb"
    with application() as asked, open_store(file, create=True) as store, reserved_port() as port:
        site = Site(recipe, file, store, asked, port)
        site.publish()
        words = ("serve", "--production", "--workers", "2", "--port", str(site.port), "--strict-port", "--store", file)
        with running(command_line(*words), folder, site.port, environment(**_SECRETS[recipe])):
            yield site


@contextmanager
def varnish_inside(site: Site, folder: Path) -> Iterator[Chain]:
    folder.mkdir()
    with (
        reserved_port() as inner,
        reserved_port() as outer,
        varnish(folder / "inner", varnish_recipe(site, folder), inner) as kept,
        nginx(folder / "outer", _OUTER_NGINX.format(port=outer, behind=inner), outer) as outside,
    ):
        yield Chain(folder.name, site, kept, outside, inner, outer)


@contextmanager
def nginx_inside(site: Site, folder: Path) -> Iterator[Chain]:
    folder.mkdir()
    with (
        reserved_port() as inner,
        reserved_port() as outer,
        nginx(folder / "inner", nginx_recipe(site, folder / "inner", inner), inner) as kept,
        varnish(folder / "outer", _OUTER_VARNISH.format(behind=inner), outer) as outside,
    ):
        yield Chain(folder.name, site, kept, outside, inner, outer)


def varnish_recipe(site: Site, folder: Path) -> str:
    """The document's, with other addresses and more patience. What it includes is written into `folder`."""
    address = {'.host = "10.0.0.11"': '.host = "127.0.0.1"', '.port = "1818"': f'.port = "{site.port}"'}
    public = replaced(read_recipe("public", "vcl"), address)
    if site.recipe == "public":
        return public
    (folder / "shop.vcl").write_text(public)
    changes = {
        "/etc/varnish/shop.vcl": str(folder / "shop.vcl"),
        '.port = "8000"': f'.port = "{site.application.port}"',
        ".first_byte_timeout = 2s": ".first_byte_timeout = 30s",
        '"…"': f'"{PROXY_SECRET}"',
    }
    return replaced(read_recipe("segments", "vcl"), changes)


def nginx_recipe(site: Site, folder: Path, port: int) -> str:
    """The document's, with other addresses and more patience."""
    changes = {
        "10.0.0.11:1818": f"127.0.0.1:{site.port}",
        "listen 80;": f"listen 127.0.0.1:{port};",
        "/var/cache/nginx": str(folder / "cache"),
    }
    if site.recipe == "segments":
        changes |= {"127.0.0.1:8000": f"127.0.0.1:{site.application.port}", '"…"': f'"{PROXY_SECRET}"'}
        changes |= {"proxy_read_timeout 2s": "proxy_read_timeout 30s"}
    return replaced(read_recipe(site.recipe, "nginx"), changes)


@contextmanager
def all_chains(folder: Path) -> Iterator[dict[str, Chain]]:
    """By their names."""
    with ExitStack() as stack:
        made = {}
        recipes: tuple[Recipe, ...] = ("public", "segments")
        for recipe in recipes:
            site = stack.enter_context(serve_site(recipe, folder / recipe))
            made[f"{recipe}-varnish"] = stack.enter_context(varnish_inside(site, folder / f"{recipe}-varnish"))
            made[f"{recipe}-nginx"] = stack.enter_context(nginx_inside(site, folder / f"{recipe}-nginx"))
        yield made

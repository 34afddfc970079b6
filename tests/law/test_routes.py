"""From a site's folder to the socket: paths of items, redirects and headers, as a browser asks for them."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from edgekit.cli.building import build_site
from tests.project.folder import CONFIG, write_site
from tests.replay.serving import running

NAMES = [
    "plain", "łódź", "100%", "%41", "%2F", "a b", "a+b", "a&b=c", "q?x", "h#x", "[x]", "{NAME}", "'\"<>", "back\\slash",
    "dot.", "..dots", "a:b@c;d,e!f$g(h)*", "~-_.", "مرحبا", "🎉", "e\u0301", "\u00e9", "a\u2028b", ".html.x", "indexes",
]  # fmt: skip
TABLES = """
[pages."p/[name].html"]
each = "data.names"
[slots.PATH]
from = "request.path"
default = "none"
max_length = 99
[redirects]
"/old/[name]" = "/p/[name]"
"/for-now" = { to = "/", status = 307 }
[headers."/p/*"]
"x-robots-tag" = "noindex"
[headers."/*"]
"x-frame-options" = "DENY"
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("routes")
    site = write_site(
        folder / "site",
        {
            "edgekit.toml": CONFIG + TABLES,
            "data/names.json": json.dumps([{"name": name} for name in NAMES]),
            "pages/p/[name].html": "{{ page.params.name }} {{ page.path }} {{ request.path }}",
            "pages/404.html": "none: {{ request.path }}",
            "static/a.js": "1",
        },
    )
    build_site(site, folder / "edge.lmdb")
    with running(folder / "edge.lmdb") as (number, _):
        yield number


def ask(port: int, path: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def escape(text: str) -> str:
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;").replace('"', "&#34;")
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_items_page_is_found_over_its_redirect_and_knows_its_path(port: int, name: str) -> None:
    status, headers, _ = ask(port, f"/old/{quote(name, safe='')}")
    assert status == 308
    status, headers, body = ask(port, headers["location"])
    assert (status, body) == (200, " ".join(map(escape, (name, f"/p/{name}", f"/p/{name}"))))
    assert (headers["x-robots-tag"], headers["x-frame-options"]) == ("noindex", "DENY")


def test_names_that_differ_in_normalisation_alone_are_two_pages(port: int) -> None:
    assert ask(port, "/p/e%CC%81")[2] != ask(port, "/p/%C3%A9")[2]


@pytest.mark.parametrize("path", ["/p/none", "/p/%2541%25", "/p/Plain"])
def test_what_is_no_item_is_not_found(port: int, path: str) -> None:
    status, headers, body = ask(port, path)
    assert status == 404
    assert body.startswith("none: /p/")
    assert (headers["x-robots-tag"], headers["cache-control"]) == ("noindex", "private, no-store")


def test_a_method_goes_along(port: int) -> None:
    status, headers, _ = ask(port, "/for-now?a=1", "POST")
    assert (status, headers["location"], headers["x-frame-options"]) == (307, "/?a=1", "DENY")
    assert ask(port, "/", "POST")[0] == 405


def test_no_header_is_sent_twice(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path in ("/", "/old/plain", "/p/plain", "/none", "/p/%00"):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        names = [name.lower() for name, _ in answer.getheaders()]
        assert len(names) == len(set(names))
    connection.close()

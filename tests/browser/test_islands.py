"""Client islands in a real browser, from a real server: what a visitor sees first, and in the end."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from edgekit.cli.building import build_site
from edgekit.kv.store import open_store
from edgekit.kv.users import put_user
from edgekit.model.expiry import NEVER
from tests.replay.serving import running

LAYOUT = """<!doctype html><title>t</title>
<style>.sized edgekit-island { display: flow-root; height: 120px } p { margin: 0 }</style>
{% block main %}{% endblock %}
<p id="below">below</p>"""
FALLBACK = "<p>wait a moment</p>"
FETCHED = '{% island "recs" client %}' + FALLBACK + "{% endisland %}"


def extend(main: str) -> str:
    return f'{{% extends "layout.html" %}}{{% block main %}}{main}{{% endblock %}}'


SITE = {
    "edgekit.toml": """
[site]
base_url = "https://shop.example"
default_tier = "free"
[budget]
cpu_ms = 5000
[slots.NAME]
from = "user.name"
default = "you"
max_length = 60
[slots.RECS]
from = "user.recs"
island = "card"
max_items = 2
default = "empty"
[islands.card]
each = "data.products"
as = "product"
key = "sku"
[pages."client.html"]
delivery = "static"
""",
    "segments/free.toml": "",
    "data/products.json": '[{"sku": "a", "name": "Tea & more"}, {"sku": "b", "name": "Cup"}]',
    "templates/layout.html": LAYOUT,
    "islands/card.html": "<article><b>{{ product.name }}</b> for {{ user.name }}</article>",
    "islands/empty.html": "<p>nothing yet</p>",
    "islands/recs.html": '<section title="{{ user.name }}"><h2>For {{ user.name }}</h2>{{ user.recs }}</section>',
    "pages/edge.html": extend('<div id="in">{% island "recs" %}</div>'),
    "pages/client.html": extend(f"<div>{FETCHED}</div>"),
    "pages/sized.html": extend(f'<div class="sized">{FETCHED}</div>'),
    "pages/both.html": extend(f'<div id="in">{{% island "recs" %}}</div><div>{FETCHED}</div><div>{FETCHED}</div>'),
}
USERS = {
    "ada": b'{"name": "Ada", "recs": ["a", "gone", "b"]}',
    "odd": b'{"name": "<img src=x onerror=alert(1)>{NAME}", "recs": ["b"]}',
}
ISLAND = "**/_edgekit/island/recs"
ELEMENT = "edgekit-island"
WATCH = """
window.seen = []
window.shifted = 0
new MutationObserver(() => {
    const element = document.querySelector("edgekit-island")
    if (element?.nextSibling && seen.at(-1) !== element.innerHTML) seen.push(element.innerHTML)
}).observe(document, {childList: true, subtree: true, characterData: true})
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) shifted += entry.value
}).observe({type: "layout-shift", buffered: true})
"""
"""Notes what is in the element whenever that changes, once a browser has read it all (it may pause within), and how far
the layout shifts."""
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("islands")
    for name, text in SITE.items():
        file = folder / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    store = folder / "edge.lmdb"
    build_site(folder / "site", store)
    with open_store(store) as opened:
        for user, record in USERS.items():
            put_user(opened, user, record, NEVER, 0)
    with running(store) as (port, _):
        yield f"http://127.0.0.1:{port}"


def visit(chromium: Browser, user: str | None = None, **options: Any) -> BrowserContext:
    """A visitor of the server; its identity header counts because the peer is this machine."""
    context = chromium.new_context(extra_http_headers={"x-user-id": user} if user else {}, **options)
    context.set_default_timeout(20_000)
    context.add_init_script(WATCH)
    return context


def arrived(page: Page) -> None:
    page.wait_for_selector(f"{ELEMENT} section", state="attached")


@pytest.mark.parametrize("user", [None, *USERS])
def test_both_modes_show_the_same_content(chromium: Browser, server: str, user: str | None) -> None:
    with visit(chromium, user) as context:
        dialogs: list[object] = []
        page = context.new_page()
        page.on("dialog", lambda dialog: dialogs.append(dialog))
        page.goto(f"{server}/edge")
        edge = page.inner_html("#in")
        page.goto(f"{server}/client")
        arrived(page)
        assert edge == page.inner_html(ELEMENT)
        assert page.inner_text("h2") == {
            None: "For you", "ada": "For Ada", "odd": "For <img src=x onerror=alert(1)>{NAME}",
        }[user]  # fmt: skip
        assert page.locator("img").count() == 0
        assert dialogs == []


def test_a_page_may_hold_an_island_in_both_modes_and_more_than_once(chromium: Browser, server: str) -> None:
    with visit(chromium, "ada") as context:
        page = context.new_page()
        page.goto(f"{server}/both")
        page.wait_for_function("document.querySelectorAll('edgekit-island section').length === 2")
        assert [page.inner_html("#in")] * 2 == [element.inner_html() for element in page.query_selector_all(ELEMENT)]
        assert page.locator("article").all_inner_texts() == ["Tea & more for Ada", "Cup for Ada"] * 3


def test_the_shell_is_everybodys_and_the_island_the_visitors_own(chromium: Browser, server: str) -> None:
    with visit(chromium, "ada") as context:
        page = context.new_page()
        with page.expect_response(ISLAND) as island:
            shell = page.goto(f"{server}/client")
        assert shell is not None
        assert shell.headers["cache-control"].startswith("public,")
        assert b"Ada" not in shell.body()
        assert island.value.headers["cache-control"] == "private, no-store"
        assert "Ada" in island.value.text()


def break_off(route: Route) -> None:
    route.abort("connectionfailed")


def fail(route: Route) -> None:
    route.fulfill(status=500, body="<p>broken</p>")


def lack(route: Route) -> None:
    route.fulfill(status=404, body="<p>not found</p>")


@pytest.mark.parametrize("answer", [break_off, fail, lack])
def test_the_fallback_stays_when_the_fetch_fails(chromium: Browser, server: str, answer: Any) -> None:
    with visit(chromium) as context:
        errors: list[object] = []
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))
        page.route(ISLAND, answer)
        with page.expect_event("requestfailed" if answer is break_off else "requestfinished", is_island):
            page.goto(f"{server}/client")
        page.evaluate(TWO_FRAMES)
        assert page.evaluate("seen") == [FALLBACK]
        assert page.locator(ELEMENT).is_visible()
        assert errors == []


def is_island(request: Any) -> bool:
    return bool(request.url.endswith("/_edgekit/island/recs"))


def test_an_island_that_the_server_does_not_give_leaves_the_fallback(chromium: Browser, server: str) -> None:
    with visit(chromium) as context:
        page = context.new_page()
        page.route(ISLAND, lambda route: route.continue_(url=f"{server}/_edgekit/island/empty"))
        with page.expect_response(lambda response: "/_edgekit/" in response.url) as answer:
            page.goto(f"{server}/client")
        page.evaluate(TWO_FRAMES)
        assert (answer.value.status, page.inner_html(ELEMENT)) == (404, FALLBACK)


def test_without_scripts_the_fallback_is_shown(chromium: Browser, server: str) -> None:
    with visit(chromium, "ada", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{server}/client")
        assert page.inner_text(ELEMENT) == "wait a moment"
        assert page.inner_text("#below") == "below"


@pytest.mark.parametrize(("path", "moves"), [("/sized", False), ("/client", True)])
def test_the_fallback_is_shown_then_the_content_and_a_sized_element_moves_nothing(
    chromium: Browser, server: str, path: str, moves: bool
) -> None:
    with visit(chromium, "ada") as context:
        page = context.new_page()
        page.goto(f"{server}/edge")
        content = page.inner_html("#in")
        held: list[Route] = []
        page.route(ISLAND, lambda route: held.append(route))
        with page.expect_request(ISLAND):
            page.goto(f"{server}{path}")
        page.evaluate(TWO_FRAMES)
        assert page.inner_text(ELEMENT) == "wait a moment"
        before = page.locator("#below").bounding_box()
        held[0].continue_()
        arrived(page)
        page.evaluate(TWO_FRAMES)
        assert [FALLBACK, content] == page.evaluate("seen")
        assert moves == (before != page.locator("#below").bounding_box())
        page.wait_for_function(f"(shifted > 0) === {str(moves).lower()}")

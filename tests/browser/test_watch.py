"""`serve --watch` with real edits, seen in open pages."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.cli.serving import get, serving, stream
from tests.ports import reserved_port
from tests.watch.saving import save

LAYOUT = """<!doctype html><title>t</title>
<link rel="stylesheet" href="{{ asset('shop.css') }}">
<style>main { height: 4000px }</style>
<main>{% block main %}{% endblock %}</main>"""
SITE = {
    "edgekit.toml": """
[site]
base_url = "https://shop.example"
default_tier = "free"
[slots.NAME]
from = "user.name"
default = "you"
max_length = 60
[pages."tea/[sku].html"]
each = "data.teas"
as = "tea"
""",
    "segments/free.toml": "",
    "data/teas.json": '[{"sku": "a", "name": "Assam"}, {"sku": "b", "name": "Bancha"}]',
    "static/shop.css": "h1 { color: rgb(1, 1, 1) }",
    "templates/layout.html": LAYOUT,
    "islands/offer.html": "<p id=offer>Offer</p>",
    "pages/index.html": '{% extends "layout.html" %}{% block main %}<h1>Home</h1><input name="q">{% endblock %}',
    "pages/about.html": '{% extends "layout.html" %}{% block main %}<h1>About</h1>{% endblock %}',
    "pages/fetch.html": '<h1>Fetch</h1>{% island "offer" client %}wait{% endisland %}',
    "pages/tea/[sku].html": "<h1>{{ tea.name }}</h1>",
}
STATE = "**/_edgekit/watch/state?*"
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
NOTE_PROBLEMS = """
const {json} = Response.prototype
Response.prototype.json = async function () {
    const told = await json.call(this)
    if (told.problems?.length) sessionStorage.problems = JSON.stringify(told.problems)
    return told
}
"""
"""Keeps what a page was told, over its reloads: a browser forgets the answers of a page that it has left."""
OVERLAY = "edgekit-overlay dialog"
SHADOW = "document.querySelector('edgekit-overlay').shadowRoot"
BROKEN = "<h1>{{ user.name|upper }}</h1>"


def write_site(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        save(folder / name, text)


class Watched:
    """A watched site: its folder, what its server printed, and a browser that looks at it."""

    def __init__(self, url: str, site: Path, first: dict[str, Any], context: BrowserContext) -> None:
        self.url = url
        self.site = site
        self.first = first
        self.context = context

    def write(self, name: str, text: str) -> None:
        write_site(self.site, {name: text})

    def restore(self) -> None:
        """The site as it was at first; until that is built, and pages were told."""
        with stream("GET", f"{self.url}/_edgekit/watch/events") as news:
            told = (line for line in news.iter_lines() if line.startswith("data: "))
            next(told)
            if self._write_back():
                next(told)
            # A build may have begun in between, and read some files before and others after they were written back.
            while read_state(self.url) != self.first:
                next(told)

    def _write_back(self) -> bool:
        """Was anything another thing?"""
        others = [file for file in self.site.rglob("*.*") if file.relative_to(self.site).as_posix() not in SITE]
        changed = {
            name: text
            for name, text in SITE.items()
            if not (self.site / name).exists() or (self.site / name).read_text() != text
        }
        for file in others:
            file.unlink()
        write_site(self.site, changed)
        return bool(others or changed)

    def visit(self, path: str) -> Page:
        """A page that knows what it is; it is marked, and loses its mark when it reloads."""
        page = self.context.new_page()
        with page.expect_response(STATE):
            page.goto(self.url + path)
        page.evaluate(f"window.mark = 1; {TWO_FRAMES}")
        return page


def read_state(url: str) -> dict[str, Any]:
    """The release that is served, and what is wrong with the site."""
    state: dict[str, Any] = get(f"{url}/_edgekit/watch/state?page=%2F").json()
    return state


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("watch")
    site = folder / "site"
    write_site(site, SITE)
    with serving("site", "--watch", "--port", "0", cwd=folder) as url:
        yield url, site, read_state(url)


@pytest.fixture
def watched(chromium: Browser, server: tuple[str, Path, dict[str, Any]]) -> Iterator[Watched]:
    with chromium.new_context() as context:
        context.set_default_timeout(20_000)
        watched = Watched(*server, context)
        yield watched
    watched.restore()  # when no page is open: to close one that reloads may take for ever


def heading(page: Page, text: str) -> None:
    page.wait_for_function("text => document.querySelector('h1')?.textContent === text", arg=text)


def has_reloaded(page: Page) -> bool:
    page.evaluate(TWO_FRAMES)
    return page.evaluate("window.mark") is None


def test_a_page_shows_an_edit_by_itself_and_others_stay(watched: Watched) -> None:
    home, about = watched.visit("/"), watched.visit("/about")
    with home.expect_response(STATE):
        watched.write("pages/about.html", SITE["pages/about.html"].replace("About", "About us"))
        heading(about, "About us")
    assert (has_reloaded(home), has_reloaded(about)) == (False, True)


def test_a_layout_reloads_its_pages_where_they_were_scrolled_to_and_with_what_was_typed(watched: Watched) -> None:
    home, tea = watched.visit("/"), watched.visit("/tea/a")
    home.fill("input", "green")
    home.evaluate("scrollTo(0, 1234)")
    with tea.expect_response(STATE):
        watched.write("templates/layout.html", LAYOUT.replace("<main>", "<main id=new>"))
        home.wait_for_selector("#new", state="attached")
    # Chromium scrolls by itself, before the script that brings back both has come.
    home.wait_for_function("document.querySelector('input').value === 'green'")
    home.wait_for_function("scrollY === 1234")
    assert not has_reloaded(tea)


def test_data_configuration_and_islands_count(watched: Watched) -> None:
    tea, other, fetch = watched.visit("/tea/a"), watched.visit("/tea/b"), watched.visit("/fetch")
    fetch.wait_for_selector("#offer")
    with other.expect_response(STATE):
        watched.write("data/teas.json", SITE["data/teas.json"].replace("Assam", "Darjeeling"))
        heading(tea, "Darjeeling")
    assert not has_reloaded(other)
    watched.write("islands/offer.html", "<p id=better>Better offer</p>")
    fetch.wait_for_selector("#better")
    tea.evaluate("window.mark = 1")
    watched.write("edgekit.toml", SITE["edgekit.toml"] + '[headers."/tea/*"]\nx-a = "b"\n')
    for page in (tea, other):
        page.wait_for_function("window.mark === undefined")


def test_a_style_sheet_is_swapped_without_a_reload(watched: Watched) -> None:
    home = watched.visit("/")
    watched.write("static/shop.css", "h1 { color: rgb(2, 2, 2) }")
    home.wait_for_function("getComputedStyle(document.querySelector('h1')).color === 'rgb(2, 2, 2)'")
    home.wait_for_function("document.querySelectorAll('link').length === 1")
    assert not has_reloaded(home)


def test_new_deleted_and_redirected_pages_are_followed(watched: Watched) -> None:
    page = watched.visit("/new")
    assert page.inner_text("pre") == "Not found.\n"
    watched.write("pages/new.html", "<h1>New</h1>")
    heading(page, "New")
    (watched.site / "pages/new.html").unlink()
    page.wait_for_selector("pre")
    watched.write("edgekit.toml", SITE["edgekit.toml"] + '[redirects]\n"/new" = "/about"\n')
    page.wait_for_url("**/about")


def test_the_overlay_comes_over_the_last_good_page_and_goes_when_mended(watched: Watched) -> None:
    home, about = watched.visit("/"), watched.visit("/about")
    watched.write("pages/about.html", BROKEN)
    for page in (home, about):
        page.wait_for_selector(OVERLAY)
        assert page.get_attribute(OVERLAY, "role") == "alertdialog"
        assert page.inner_text(f"{OVERLAY} .place").endswith("EK202 site/pages/about.html:1")
        assert page.inner_text(f"{OVERLAY} pre") == BROKEN
        assert not has_reloaded(page)
    late = watched.visit("/about")
    late.wait_for_selector(OVERLAY)
    assert late.inner_text("main h1") == "About"
    late.keyboard.press("Escape")
    late.wait_for_selector(OVERLAY, state="detached")
    with late.expect_response(STATE):
        watched.write("pages/about.html", BROKEN + "\n")
    late.evaluate(TWO_FRAMES)
    assert late.query_selector(OVERLAY) is None, "closed is closed, until there is another error"
    watched.write("pages/about.html", SITE["pages/about.html"])
    for page in (home, about):
        page.wait_for_selector(OVERLAY, state="detached")
        assert not has_reloaded(page)


def test_a_message_is_text_whatever_stands_in_it(watched: Watched) -> None:
    home = watched.visit("/")
    evil = "{{ user.name|upper }}<img src=x onerror=\"document.title='run'\">"
    watched.write("pages/about.html", evil)
    home.wait_for_selector(OVERLAY)
    assert home.inner_text(f"{OVERLAY} pre") == evil
    assert home.title() == "t"


def test_many_pages_share_one_lasting_connection(watched: Watched) -> None:
    listening: list[str] = []
    watched.context.on("request", lambda asked: listening.append(asked.url) if "/events" in asked.url else None)
    pages = [watched.visit("/about") for _ in range(8)]
    assert listening == [f"{watched.url}/_edgekit/watch/events"]
    pages[0].close()  # the one that listens
    watched.write("pages/about.html", SITE["pages/about.html"].replace("About", "Many"))
    for page in pages[1:]:
        heading(page, "Many")


def test_a_page_in_the_background_follows_when_it_is_shown(watched: Watched) -> None:
    watched.context.add_init_script("Object.defineProperty(document, 'hidden', {get: () => window.away})")
    away, shown = watched.visit("/about"), watched.visit("/about")
    away.evaluate("away = true")
    asked: list[str] = []
    away.on("request", lambda request: asked.append(request.url) if "/state" in request.url else None)
    watched.write("pages/about.html", SITE["pages/about.html"].replace("About", "Later"))
    heading(shown, "Later")
    away.evaluate(TWO_FRAMES)
    assert asked == []
    away.evaluate("away = false; dispatchEvent(new Event('visibilitychange'))")
    heading(away, "Later")


def test_a_strict_policy_of_the_site_leaves_it_at_work(watched: Watched) -> None:
    policy = "default-src 'none'; script-src 'self'; connect-src 'self'"
    headers = f'[headers."/*"]\n"content-security-policy" = "{policy}"\n'
    tea = watched.visit("/tea/b")
    watched.write("edgekit.toml", SITE["edgekit.toml"] + headers)
    tea.wait_for_function("window.mark === undefined")
    watched.write("pages/about.html", BROKEN)
    tea.wait_for_selector(OVERLAY)
    assert tea.evaluate(f"getComputedStyle({SHADOW}.querySelector('dialog')).display") == "flex"
    watched.write("pages/tea/[sku].html", "<h1>Strict</h1>")
    watched.write("pages/about.html", "<h1>About</h1>")
    heading(tea, "Strict")


def test_a_page_finds_its_server_again(chromium: Browser, tmp_path: Path) -> None:
    write_site(tmp_path / "site", {**SITE, "pages/about.html": BROKEN})
    with reserved_port() as port, chromium.new_context() as context:
        context.set_default_timeout(20_000)
        again = ("site", "--watch", "--port", str(port), "--strict-port")
        with serving(*again, cwd=tmp_path) as url:
            page = context.new_page()
            page.goto(f"{url}/about")
            page.wait_for_selector(OVERLAY)
            assert page.inner_text(f"{OVERLAY} footer").startswith("Nothing has been built yet.")
            write_site(tmp_path / "site", SITE)
            heading(page, "About")
        write_site(tmp_path / "site", {"pages/about.html": "<h1>Again</h1>"})
        with serving(*again, cwd=tmp_path):
            heading(page, "Again")


def save_in_place(file: Path, text: str) -> None:
    with file.open("r+") as opened:
        opened.truncate()
        opened.flush()
        opened.write(text)


def save_by_rename(file: Path, text: str) -> None:
    aside = file.with_name(".new~")
    aside.write_text(text)
    aside.rename(file)


def save_with_backup(file: Path, text: str) -> None:
    file.rename(file.with_name(file.name + "~"))
    file.write_text(text)


def save_after_deleting(file: Path, text: str) -> None:
    file.unlink()
    file.write_text(text)


def save_with_the_folder(file: Path, text: str) -> None:
    aside = file.parents[1] / "aside"
    shutil.copytree(file.parent, aside)
    (aside / file.name).write_text(text)
    file.parent.rename(old := file.parents[2] / "old")
    aside.rename(file.parent)
    shutil.rmtree(old)


@pytest.mark.parametrize(
    "save", [save_in_place, save_by_rename, save_with_backup, save_after_deleting, save_with_the_folder]
)
def test_every_way_of_saving_is_one_edit(watched: Watched, save: object) -> None:
    watched.context.add_init_script(NOTE_PROBLEMS)
    page = watched.visit("/about")
    assert callable(save)
    save(watched.site / "pages/about.html", SITE["pages/about.html"].replace("About", save.__name__))
    heading(page, save.__name__)
    assert page.evaluate("sessionStorage.problems") is None

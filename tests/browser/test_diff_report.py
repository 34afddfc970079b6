"""The HTML report of a diff in a browser: opened as a file, with pages that would do anything to get out of it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from edgekit.diff.compare import compare
from edgekit.diff.html.document import render_html
from edgekit.model.fragment import Fragment
from edgekit.model.keys import ASSETS, PAGE_TPL, page_key
from tests.diff.sides import manifest_of, pack_side, page_side

STYLE = "/static/shop.12345678.css"
IMAGE = "/static/tea.12345678.svg"
PAGE = f"""<!doctype html><title>{{USER_NAME}}</title><link rel="stylesheet" href="{STYLE}">
<p id="greeting" title="{{USER_NAME}}">Hello {{USER_NAME}}, {{_}}USER_NAME}}</p>
<p id="state">{{?STATE=guest}}Log in{{?STATE=member}}{{?LANGUAGE=en}}Hi{{?LANGUAGE=de}}Hallo{{/LANGUAGE}}{{/STATE}}.</p>
<img id="known" src="{IMAGE}"><img id="unknown" src="/static/gone.png" width="30" height="20">
<!--INJECT:recs-->"""

AHEAD = """<link rel="preconnect" href="ORIGIN"><iframe src="ORIGIN/frame" onload="top.ran = 1"></iframe>
<div><template shadowrootmode="open"><iframe src="ORIGIN/shadow"></iframe></template></div>
<object data="ORIGIN/object"></object>"""
"""For these a browser connects before it asks the policy, which then stops the load: so the script takes them out."""

HOSTILE = f"""<!doctype html><html onclick="top.ran = 1"><base href="ORIGIN/">
<meta http-equiv="refresh" content="0;url=ORIGIN/refresh"><link rel="stylesheet" href="ORIGIN/a.css">
<link rel="prefetch" href="ORIGIN/prefetch">{AHEAD}
<style>@import "ORIGIN/b.css"; @font-face {{ font-family: x; src: url(ORIGIN/font) }}
body {{ font-family: x; background: url(ORIGIN/c.png) }}</style>
<script>top.ran = 1; parent.ran = 1</script><script src="ORIGIN/script.js"></script>
<img src="ORIGIN/d.png" srcset="ORIGIN/e.png 2x" onerror="top.ran = 1">
<svg onload="top.ran = 1"><image href="ORIGIN/f.png"/></svg>
<embed src="ORIGIN/embed"><video src="ORIGIN/video" poster="ORIGIN/poster" autoplay></video>
<details open ontoggle="top.ran = 1"></details>
<form action="ORIGIN/form"><input autofocus onfocus="top.ran = 1"><button>x</button></form>
<a href="ORIGIN/link" target="_top" style="position: fixed; inset: 0">x</a>
</script></iframe></template>]]>--><script>top.ran = 1</script>\u202e\x00"""


@pytest.fixture
def origin() -> Iterator[tuple[str, list[str]]]:
    """A server, and whoever has connected to it."""
    asked: list[str] = []

    class Server(ThreadingHTTPServer):
        def verify_request(self, request: object, client_address: object) -> bool:
            asked.append(str(client_address))
            return False

    with Server(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def open_report(chromium: Browser, file: Path, old: str, new: str) -> Page:
    """The report of a page `/a` that differs by tier; `/b` differs, too, and an item comes."""
    assets = [Fragment(ASSETS, STYLE, b"p { color: rgb(1, 2, 3) }"), Fragment(ASSETS, IMAGE, b"<svg/>")]

    def fragments(text: str, other: bytes) -> list[Fragment]:
        bodies = [Fragment(PAGE_TPL, page_key("/a", tier), f"{text}\n{tier}".encode()) for tier in ("free", "vip")]
        return [*bodies, Fragment(PAGE_TPL, page_key("/b", "free"), other), *assets]

    before = pack_side("old", fragments(old, b"1"), manifest_of({}))
    item = Fragment(PAGE_TPL, page_key("island/card/p-1", "free"), b"<b>card</b>")
    after = pack_side("new", [*fragments(new, b"2"), item], manifest_of({}))
    file.write_text("".join(render_html(compare(before, after), before, after)), "utf-8")
    page = chromium.new_page()
    page.goto(file.as_uri())
    return page


def built(page: Page, selector: str) -> str:
    """What the document of the last frame has: the frame itself cannot be looked into from outside."""
    return str(
        page.evaluate(
            """selector => {
                const frame = [...document.querySelectorAll("iframe")].at(-1)
                const built = new DOMParser().parseFromString(frame.srcdoc, "text/html")
                return [...built.querySelectorAll(selector)].map(found => found.outerHTML).join("")
            }""",
            selector,
        )
    )


def show_rendered(page: Page, path: str) -> None:
    entry = page.locator(".page", has=page.locator(".path", has_text=path))
    entry.locator("summary").click()
    entry.locator("input[value=rendered]").check()
    assert entry.locator("iframe").first.is_visible()


def test_a_hostile_page_runs_nothing_and_asks_for_nothing(
    chromium: Browser, tmp_path: Path, origin: tuple[str, list[str]]
) -> None:
    url, asked = origin
    page = open_report(chromium, tmp_path / "report.html", "x", HOSTILE.replace("ORIGIN", url))
    show_rendered(page, "/a")
    page.frames[-1].wait_for_load_state()
    page.locator("iframe").last.click()
    page.wait_for_load_state("networkidle")
    assert asked == []
    assert page.evaluate("typeof ran") == "undefined"
    assert page.url.startswith("file:")
    assert page.evaluate("[...document.querySelectorAll('iframe')].map(frame => frame.getAttribute('sandbox'))") == [
        "",
        "",
    ]
    page.close()


def test_what_frames_load_is_stopped_by_the_policy_alone(
    chromium: Browser, tmp_path: Path, origin: tuple[str, list[str]]
) -> None:
    """The same page as it is, without what the script does to it: all that it would load or run by itself."""
    url, asked = origin
    page = open_report(chromium, tmp_path / "report.html", "x", "y")
    page.evaluate(
        """text => {
            const frame = document.createElement("iframe")
            frame.setAttribute("sandbox", "")
            frame.srcdoc = text
            document.body.prepend(frame)
        }""",
        HOSTILE.replace(AHEAD, "").replace("ORIGIN", url),
    )
    page.frames[-1].wait_for_load_state()
    page.wait_for_load_state("networkidle")
    assert asked == []
    assert page.evaluate("typeof ran") == "undefined"
    assert page.url.startswith("file:")
    page.close()


def test_a_rendered_page_looks_like_the_page_with_its_placeholders_marked(chromium: Browser, tmp_path: Path) -> None:
    page = open_report(chromium, tmp_path / "report.html", "x", PAGE)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    show_rendered(page, "/a")
    chip = '<span class="edgekit-slot">{USER_NAME}</span>'
    assert built(page, "#greeting") == f'<p id="greeting" title="{{USER_NAME}}">Hello {chip}, {{\u2060USER_NAME}}</p>'
    assert built(page, "#state") == '<p id="state">Log in.</p>'
    assert built(page, "title") == "<title>{USER_NAME}</title>"
    assert "color: rgb(1, 2, 3)" in built(page, "style")
    assert 'src="data:image/svg+xml;base64,PHN2Zy8+"' in built(page, "#known")
    assert 'class="edgekit-image"' in built(page, "#unknown")
    assert built(page, ".edgekit-island") == '<span class="edgekit-island">island recs</span>'
    assert built(page, "link, script") == ""
    assert errors == []
    page.close()


def test_tiers_and_views_are_switched_with_the_keyboard(chromium: Browser, tmp_path: Path) -> None:
    page = open_report(chromium, tmp_path / "report.html", "<p>old", "<p>new")
    page.locator(".page summary").first.focus()
    page.keyboard.press("Enter")
    entry = page.locator(".page").first
    shown = entry.locator(".pair:visible .code.come")
    assert shown.all_inner_texts() == ["<p>new"]
    page.keyboard.press("Tab")
    assert entry.locator(".pair:visible").get_attribute("aria-label") == "/a for free"
    page.keyboard.press("ArrowRight")
    assert entry.locator(".pair:visible").get_attribute("aria-label") == "/a for vip"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert entry.locator(".pair:visible iframe").count() == 2
    assert not entry.locator(".source").last.is_visible()
    page.close()


def test_pages_are_filtered(chromium: Browser, tmp_path: Path) -> None:
    page = open_report(chromium, tmp_path / "report.html", "old", "new")
    paths = page.locator(".page:visible .path")
    assert paths.all_inner_texts() == ["/a", "/b", "item p-1 of card"]
    page.get_by_label("Path").fill("/B")
    assert (paths.all_inner_texts(), page.inner_text("output")) == (["/b"], "1 of 3")
    page.get_by_label("Path").fill("")
    page.get_by_role("combobox", name="Kind").select_option("items")
    assert paths.all_inner_texts() == ["item p-1 of card"]
    page.get_by_role("combobox", name="Change").select_option("changed")
    assert (paths.all_inner_texts(), page.inner_text("output")) == ([], "0 of 3")
    page.close()


def test_a_link_to_a_page_opens_it_and_folded_lines_unfold(chromium: Browser, tmp_path: Path) -> None:
    same = "<p>same</p>\n" * 30
    page = open_report(chromium, tmp_path / "report.html", "<p>first</p>\n" + same + "old", same + "new")
    page.get_by_role("link", name="/a", exact=True).first.click()
    page.wait_for_selector("#page-1 details[open]")  # a browser tells that the hash has changed a while later
    rows = page.locator("#page-1 .pair:visible tr:visible")
    folded = rows.count()
    page.locator("#page-1 .pair:visible .unfold").click()
    assert rows.count() == folded + 24 - 1
    numbers = page.locator("#page-1 .pair:visible tr.same .number").all_inner_texts()
    assert list(zip(numbers[::2], numbers[1::2], strict=True)) == [(str(at + 1), str(at)) for at in range(1, 31)] + [
        ("33", "32")
    ]
    page.close()


@pytest.mark.parametrize("width", [400, 1400])
def test_the_report_is_no_wider_than_the_window(chromium: Browser, tmp_path: Path, width: int) -> None:
    page = open_report(chromium, tmp_path / "report.html", "x" * 500, "y" * 500)
    page.set_viewport_size({"width": width, "height": 800})
    page.locator(".page summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_without_changes_nothing_is_to_be_switched(chromium: Browser, tmp_path: Path) -> None:
    side = page_side("one", {"/": b"a"})
    file = tmp_path / "report.html"
    file.write_text("".join(render_html(compare(side, side), side, side)), "utf-8")
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    assert page.get_by_role("heading", level=2).all_inner_texts() == ["Nothing would change"]
    assert errors == []
    page.close()

"""Every safe place with values that try to get out of it, in Chromium: no script runs, and the place holds the value.

What the document must be, is said in places.js. Two ways of loading: in frames, parsed by `document.write` with scripts
running, many documents at once; and a page with all places, navigated to as readers do, so that whatever waits for
events, layout or the network gets its chance.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from edgekit.fragment.fill import build_plan, fill
from edgekit.fragment.values import format_value
from edgekit.model.keys import page_key
from tests.browser.payloads import HARMLESS, HARMLESS_POINTS, JOINED, PAYLOADS, POINTS
from tests.compiler.sites import compile_files
from tests.places import read_places, write_page
from tests.scale import SCALE

PROGRAM: Final = Path(__file__).with_name("places.js").read_text("utf-8")
BASE: Final = "http://site.example/page"
HARMLESS_VALUES: Final = {"name": HARMLESS, "points": HARMLESS_POINTS}
ENCODINGS: Final = {"urlencode": "url", "path_part": "path", "safe_url": "href", "tojson": "json"}

# Loads nothing, and tells of it; runs scripts, and tells of handlers in attributes.
POLICY: Final = {
    "content-security-policy": "default-src 'none'; script-src 'unsafe-inline'; form-action 'none'; base-uri 'none'",
    "content-security-policy-report-only": "script-src-attr 'none'",
}

HANDLERS_TOLD: Final = {
    "content-security-policy-report-only": "script-src-attr 'none'; form-action 'none'; base-uri 'none'"
}


def read_prints(template: str) -> list[tuple[str, str]]:
    """The slots that a template prints, `name` or `points`, each with its encoding."""
    return [
        (slot, next((encoding for name, encoding in ENCODINGS.items() if f"|{name}" in expression), ""))
        for expression in re.findall(r"\{\{ (.*?) \}\}", template)
        for slot in re.findall(r"user\.(\w+)", expression)
    ]


def sheet(places: Iterable[str]) -> str:
    """One place that holds several."""
    return "".join(f"<div>{place}</div>" for place in places)


def group(places: list[str]) -> list[str]:
    """The places on fewer sheets, for a document costs more than a place; what is a page or a script stays alone."""
    alone = [place for place in places if place.startswith("<!doctype") or "<script" in place]
    others = [place for place in places if place not in alone]
    return alone + [sheet(others[at : at + 10]) for at in range(0, len(others), 10)]


class Documents:
    """The places as pages, compiled; and what replay makes of them."""

    def __init__(self, folder: Path, places: list[str]) -> None:
        self.places = places
        compiled = compile_files(folder, {f"pages/{at}.html": write_page(place)[0] for at, place in enumerate(places)})
        assert compiled.result.pack is not None, compiled.codes
        fragments = [compiled.fragments[page_key(f"/{at}", "free")] for at, _ in enumerate(places)]
        self._plans = [build_plan(fragment.body, fragment.cuts, compiled.site.slots) for fragment in fragments]

    def fill(self, at: int, values: Mapping[str, str | int]) -> str:
        plan = self._plans[at]
        return fill(
            plan, [format_value(values["points" if slot == "POINTS" else "name"]) for slot in plan.slots]
        ).decode()


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    return Documents(tmp_path_factory.mktemp("places"), group(read_places("safe")))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """One document with all places that stand in a body."""
    places = [place for place in read_places("safe") if not place.startswith("<!doctype")]
    return Documents(tmp_path_factory.mktemp("whole"), [sheet(places)])


def serve(page: Page, bodies: Mapping[str, str], headers: Mapping[str, str]) -> list[str]:
    """Answer the page's requests from memory; the list of their URLs, which grows."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        body = bodies.get(route.request.url)
        status, kind = (404, "text/plain") if body is None else (200, "text/html; charset=utf-8")
        route.fulfill(status=status, body=(body or "").encode(), headers={"content-type": kind, **headers})

    page.route("**/*", answer)
    return asked


@pytest.fixture(scope="module")
def frames(chromium: Browser) -> Iterator[Page]:
    """A page that holds `places`, the functions of places.js."""
    page = chromium.new_page()
    asked = serve(page, {BASE: "<!doctype html><title>Frames</title>"}, POLICY)
    page.goto(BASE)
    page.evaluate(f"window.places = {PROGRAM}")
    yield page
    page.close()
    assert asked == [BASE]


def call(page: Page, function: str, *arguments: Any) -> list[tuple[int, list[str]]]:
    """As one string: playwright checks and converts every member of anything else, which takes longer than the rest."""
    given = json.dumps(arguments)
    found: list[tuple[int, list[str]]] = page.evaluate(f"given => places.{function}(...JSON.parse(given))", given)
    return found


def values_of(number: int) -> dict[str, str | int]:
    """The payload of this number, and an integer that goes with it."""
    return {"name": PAYLOADS[number], "points": POINTS[number % len(POINTS)]}


def try_payloads(
    frames: Page, documents: Documents, numbers: list[int], *, sandboxed: bool
) -> list[tuple[str, str, list[str]]]:
    """The sheets of these numbers, each with half of the payloads (with all at a larger scale): what went wrong."""
    places = [
        {
            "html": documents.fill(at, HARMLESS_VALUES),
            "prints": read_prints(documents.places[at]),
            "sandboxed": sandboxed,
        }
        for at in numbers
    ]
    assert call(frames, "learn", places, HARMLESS_VALUES) == []
    found = []
    for number, payload in enumerate(PAYLOADS):
        values = values_of(number)
        tried = [
            {"at": index, "html": documents.fill(at, values)}
            for index, at in enumerate(numbers)
            if SCALE > 1 or (at + number) % 2 == 0
        ]
        wrong = call(frames, "tryValues", tried, HARMLESS_VALUES, values)
        found += [(documents.places[numbers[index]], payload, reasons) for index, reasons in wrong]
    return found


def test_there_are_sixty_payloads_for_each_place() -> None:
    assert len(PAYLOADS) == len(set(PAYLOADS))
    assert len(PAYLOADS) // 2 >= 60


def test_no_payload_gets_out_of_its_place(frames: Page, documents: Documents) -> None:
    every = list(range(len(documents.places)))
    assert try_payloads(frames, documents, every, sandboxed=False) == []


def test_no_payload_gets_out_beside_noscript_without_scripts(frames: Page, documents: Documents) -> None:
    beside = [at for at, place in enumerate(documents.places) if "<noscript>" in place]
    assert len(beside) >= 2
    assert try_payloads(frames, documents, beside, sandboxed=True) == []


class Reader:
    """Navigates to pages as readers do, with scripts or without."""

    def __init__(self, context: BrowserContext, *, scripts: bool) -> None:
        self.scripts = scripts
        self._page = context.new_page()
        self._page.add_init_script(f"const places = window.places = {PROGRAM}; places.watch(window, places.seen = []);")
        self._bodies: dict[str, str] = {}
        self._asked = serve(self._page, self._bodies, HANDLERS_TOLD)

    def read(self, html: str) -> dict[str, Any]:
        """What a page is once it has loaded: `entries`, what was `seen`, and what it `asked` for beyond its `urls`."""
        self._asked.clear()
        self._bodies[BASE] = html
        self._page.goto(BASE)
        if self.scripts:  # two frames on, what waits for layout or focus has run
            self._page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        read: dict[str, Any] = self._page.evaluate(f"() => (window.places ?? {PROGRAM}).readPage()")
        asked = {url.partition("#")[0] for url in self._asked}
        self._page.goto("about:blank")  # so that nothing asked later counts for the next page
        return {**read, "asked": sorted(asked - {url.partition("#")[0] for url in [BASE, *read["urls"]]})}

    def compare(self, read: dict[str, Any], model: dict[str, Any], *arguments: Any) -> list[str]:
        """The reasons why a page is not its model with other values."""
        given = json.dumps([read["entries"], model["entries"], *arguments])
        reasons: list[str] = self._page.evaluate(
            f"given => (window.places ?? {PROGRAM}).compareDocument(...JSON.parse(given))", given
        )
        return reasons + read["seen"] + [f"asked: {url}" for url in read["asked"]]


@pytest.fixture(scope="module", params=[True, False], ids=["scripts", "no scripts"])
def reader(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Reader]:
    context = chromium.new_context(java_script_enabled=request.param)
    yield Reader(context, scripts=request.param)
    context.close()


def test_no_payload_gets_out_of_a_page_that_a_reader_navigates_to(reader: Reader, whole: Documents) -> None:
    prints = read_prints(whole.places[0])
    model = reader.read(whole.fill(0, HARMLESS_VALUES))
    assert reader.compare(model, model, prints, HARMLESS_VALUES, HARMLESS_VALUES) == []
    found = []
    for number, payload in enumerate(JOINED if SCALE == 1 else JOINED + PAYLOADS):
        values = {"name": payload, "points": POINTS[number % len(POINTS)]}
        read = reader.read(whole.fill(0, values))
        if reasons := reader.compare(read, model, prints, HARMLESS_VALUES, values):
            found.append((payload, reasons))
    assert found == []


# The proof of the proof: pages written by hand with values that do get out.


@pytest.mark.parametrize(
    ("before", "after", "written", "value", "expected"),
    [
        ("<p>", "</p>", "a&amp;b", "a&b", set()),
        ("<p>", "</p>", "<script>alert(1)</script>", "", {"tree", "ran"}),
        ("<p>", "</p>", "<img src=x onerror=alert(1)>", "", {"tree", "asked", "ran"}),
        ("<p>", "</p>", "<img src=//evil.example/x>", "", {"tree", "asked"}),
        ("<p>", "</p>", "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>", "", {"tree", "ran"}),
        ("<p>", "</p>", "<script>location = '/elsewhere'</script>", "", {"tree", "ran"}),
        ("<p>", "</p>", "<b>", "<b>", {"tree"}),
        ("<p>", "</p>", "a&amp;lt;", "a<", {"tree"}),
        ("<p>", "</p>", "ab", "a b", {"tree"}),
        ("<p>&", ";</p>", "lt", "lt", {"tree"}),
        ("<table>", "</table>", " ", " ", {"tree"}),
        ("<p title=", ">a</p>", "a b", "a b", {"tree"}),
        ("<p title='", "'>a</p>", "' onclick='alert(1)", "' onclick='alert(1)", {"tree", "asked"}),
        ("<p title='", "'>a</p>", "a", "A", {"tree"}),
        ("<script>window.shown = '", "'</script>", "';alert(1)//", "';alert(1)//", {"ran", "shown"}),
        ("<!-- ", " -->", "--><p>", "--><p>", {"tree"}),
        ("<textarea>", "</textarea>", "</textarea><p>", "</textarea><p>", {"tree"}),
    ],
)
def test_the_frames_see_what_gets_out(
    before: str, after: str, written: str, value: str, expected: set[str], frames: Page
) -> None:
    page = "<!doctype html><title>a</title><body>"
    places = [{"html": f"{page}{before}{HARMLESS}{after}", "prints": [("name", "")], "sandboxed": False}]
    assert call(frames, "learn", places, HARMLESS_VALUES) == []
    values = {"name": value, "points": 0}
    tried = [{"at": 0, "html": f"{page}{before}{written}{after}"}]
    found = call(frames, "tryValues", tried, HARMLESS_VALUES, values)
    assert {reason.partition(":")[0] for _, reasons in found for reason in reasons} == expected


@pytest.mark.parametrize(
    ("written", "expected", "without_scripts"),
    [
        ("&lt;p&gt;", set(), set()),
        ("<link rel=stylesheet href=//evil.example/a.css>", {"tree", "asked"}, {"tree", "asked"}),
        ("<img src=x onerror=alert(1)>", {"tree", "asked", "ran"}, {"tree"}),
        ("<input autofocus onfocus=alert(1)>", {"tree", "asked", "ran"}, {"tree"}),
        ("<noscript><b></noscript>", {"tree"}, {"tree"}),
    ],
)
def test_a_reader_sees_what_gets_out(
    written: str, expected: set[str], without_scripts: set[str], reader: Reader
) -> None:
    page = "<!doctype html><title>a</title><body><p>"
    model = reader.read(page + HARMLESS)
    read = reader.read(page + written)
    found = reader.compare(read, model, [("name", "")], HARMLESS_VALUES, {"name": "<p>", "points": 0})
    assert {reason.partition(":")[0] for reason in found} == (expected if reader.scripts else without_scripts)

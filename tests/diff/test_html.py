"""The report as HTML: what it says, what it leaves out, and that no text of a page is more than text in it."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from edgekit.diff.compare import compare
from edgekit.diff.html import document, pages, rendered
from edgekit.diff.html.document import render_html
from edgekit.diff.side import Side
from edgekit.model.fragment import Fragment
from edgekit.model.keys import ASSETS, PAGE_TPL, STATIC_PAGES, page_key
from edgekit.model.manifest import RedirectRule, Route
from tests.diff.sides import hex_digest, manifest_of, pack_side, page_side

HOSTILE = [
    '"><script>top.ran = 1</script>',
    "</script><script>top.ran = 1</script>",
    "</title></style></iframe></textarea></td></table>]]>-->",
    "<!--<script>",
    "' onclick=top.ran=1 x='",
    "\u202egnp.exe\u2066 \x00\x07\ufeff\r",
    "{USER_NAME} {_}USER_NAME} {?STATE=a}x{?STATE=b}y{/STATE} <!--INJECT:recs-->",
    "%s %(name)s {0} {} {",
    "`<b>`",
]


def report(old: Side, new: Side) -> str:
    return "".join(render_html(compare(old, new), old, new))


def parse(old: Side, new: Side) -> LexborHTMLParser:
    return LexborHTMLParser(report(old, new))


def texts(parsed: LexborHTMLParser, selector: str) -> list[str]:
    return [node.text() for node in parsed.css(selector)]


def page(name: str, free: bytes, vip: bytes | None = None) -> Mapping[str, Mapping[str, bytes]]:
    return {name: {"free": free, "vip": free if vip is None else vip}}


def test_dangers_come_before_all_else() -> None:
    old, new = page_side("old", {"/": b"<p>Hi"}), page_side("new", page("/", b"<p>Hi {USER_NAME}"))
    parsed = parse(old, new)
    assert texts(parsed, "main h2")[0] == "Look at this first 2"
    assert texts(parsed, ".dangers .pages a") == ["/", "/"]


def test_a_change_in_many_fragments_is_shown_once() -> None:
    old = page_side("old", {f"/{name}": {"free": b"<h1>Tea</h1>\n" + name.encode()} for name in "abcd"})
    new = page_side("new", {f"/{name}": {"free": b"<h1>Tee</h1>\n" + name.encode()} for name in "abcd"})
    parsed = parse(old, new)
    [hunk] = texts(parsed, ".hunk > p")
    assert hunk.startswith("in 4 fragments (/a and 3 other pages; tier free)")
    assert texts(parsed, ".hunk del, .hunk ins") == ["Tea", "Tee"]


def test_tiers_with_the_same_change_are_one_choice() -> None:
    bodies = {"free": b"a", "gold": b"b", "vip": b"a"}
    old = page_side("old", {"/": bodies})
    new = page_side("new", {"/": {tier: body + b"!" for tier, body in bodies.items()}})
    parsed = parse(old, new)
    assert texts(parsed, "input[name$=-pair] + span") == ["free, vip", "gold"]
    assert len(parsed.css(".pair")) == 2


def test_a_page_that_becomes_personal_is_compared_with_what_it_was_for_all() -> None:
    parsed = parse(page_side("old", {"/": b"<p>Hi"}), page_side("new", page("/", b"<p>Hi {USER_NAME}", b"<p>Yo")))
    assert texts(parsed, "input[name$=-pair] + span") == ["free", "vip"]
    assert texts(parsed, ".pair[data-pair='0'] .code") == ["<p>Hi", "<p>Hi {USER_NAME}"]
    assert texts(parsed, ".pair[data-pair='0'] b.slot") == ["{USER_NAME}"]


def test_a_static_page_has_no_placeholders() -> None:
    parsed = parse(page_side("old", {"/": b"{USER_NAME}"}), page_side("new", {"/": b"{USER_NAME}!<!--INJECT:recs-->"}))
    assert texts(parsed, ".source b") == ["<!--INJECT:recs-->"]
    assert [node.attributes for node in parsed.css(".frame[data-tokens]")] == []


def test_a_page_that_comes_or_goes_stands_alone() -> None:
    old, new = page_side("old", page("/gone", b"<p>x")), page_side("new", page("/come", b"<p>y"))
    parsed = parse(old, new)
    assert texts(parsed, ".page .path") == ["/come", "/gone"]
    assert texts(parsed, ".source .code") == ["", "<p>y", "<p>x", ""]
    assert texts(parsed, ".nothing") == ["There is no such page."] * 2


def test_invisible_characters_are_named() -> None:
    parsed = parse(page_side("old", page("/", b"a")), page_side("new", page("/", "\u202ea\x00\r".encode())))
    assert texts(parsed, ".source b.unseen") == ["U+202E", "U+0000", "U+000D"]


def test_unchanged_lines_are_folded() -> None:
    lines = [b"line %d" % number for number in range(40)]
    changed = [*lines[:20], b"another", *lines[21:]]
    parsed = parse(page_side("old", page("/", b"\n".join(lines))), page_side("new", page("/", b"\n".join(changed))))
    assert texts(parsed, ".unfold") == ["17 unchanged lines", "16 unchanged lines"]
    assert len(parsed.css(".source tr.differs")) == 1


def test_of_a_long_line_the_change_and_what_is_around_it_are_shown() -> None:
    words = b"<i>word</i> " * 25_000
    parsed = parse(
        page_side("old", page("/", words + b"<p>old</p>" + words)),
        page_side("new", page("/", words + b"<p>new</p>" + words)),
    )
    assert all(len(text) < 3_000 for text in texts(parsed, ".source .code"))
    assert texts(parsed, ".source del, .source ins") == ["old", "new"]
    assert all("too much to show here" in text for text in texts(parsed, ".as-rendered .nothing"))


def test_of_a_long_line_the_same_is_left_out_on_both_sides() -> None:
    words = b"<i>word</i> " * 100
    parsed = parse(
        page_side("old", page("/", words + words)), page_side("new", page("/", words + b"<p>new</p>" + words))
    )
    old, new = texts(parsed, ".source .code")[:2]
    assert new.replace("<p>new</p>", "") == old
    assert len(old) < 600


def test_one_large_page_leaves_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_MOST_BYTES", 2_000)
    old = page_side("old", {"/a": {"free": b"x" * 5_000, "vip": b"x"}, "/b": {"free": b"x"}})
    new = page_side("new", {"/a": {"free": b"y" * 5_000, "vip": b"y"}, "/b": {"free": b"y"}})
    parsed = parse(old, new)
    assert texts(parsed, ".page details .path") == ["/a", "/b"]
    assert texts(parsed, "#page-1 input[name$=-pair] + span") == ["vip"]
    assert texts(parsed, "#page-1 .summary .quiet:last-child") == ["(more than this report takes)"]


def test_settings_and_tiers_stand_in_tables() -> None:
    def side(to: str, discount: int) -> Side:
        manifest = manifest_of(redirects=[RedirectRule("/shop", to, 308)], segments={"free": {"discount": discount}})
        return pack_side("side", [], manifest)

    cells = texts(parse(side("/", 1), side("https://other.example/", 2)), ".facts td")
    assert cells[:4] == ["~", "/shop", "/ 308", "https://other.example/ 308"]
    assert cells[4:9] == ["~", "discount", "1", "2", "frozen"]


def test_what_is_the_same_is_said_in_a_sentence() -> None:
    side = page_side("one", {"/": b"a"})
    parsed = parse(side, side)
    assert texts(parsed, "main h2") == ["Nothing would change"]
    assert parsed.css(".page") == []


def test_the_same_plan_gives_the_same_bytes() -> None:
    old, new = page_side("old", page("/", b"a", b"b")), page_side("new", page("/", b"c", b"d"))
    assert report(old, new) == report(old, new)


def test_only_the_reports_own_script_may_run() -> None:
    text = report(page_side("old", page("/", b"a")), page_side("new", page("/", b"b")))
    parsed = LexborHTMLParser(text)
    [script] = [node.text() for node in parsed.css("script:not([type])")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    [policy] = [node.attributes["content"] or "" for node in parsed.css("meta[http-equiv]")]
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none';")
    assert re.findall(r"script-src ([^;]*)", policy) == [f"'sha256-{digest}'"]


TEXT = st.lists(st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)).map("".join)


@settings(max_examples=25)
@given(TEXT, TEXT, TEXT, st.booleans())
@example("".join(HOSTILE), "".join(HOSTILE), "".join(HOSTILE), True)
def test_no_text_becomes_markup(label: str, path: str, body: str, static: bool) -> None:
    """Whatever labels, paths, values and bodies say, the elements are those of harmless ones, and bodies stand in the
    data as they are."""

    def sides(label: str, path: str, body: str, value: str) -> tuple[Side, Side]:
        def side(body: str, value: str) -> Side:
            namespace, key = (STATIC_PAGES, path) if static else (PAGE_TPL, page_key(path, "free"))
            route = Route("static" if static else "user", namespace)
            headers = {path: {"x-frame-options": value}}
            return pack_side(
                label, [Fragment(namespace, key, body.encode())], manifest_of({path: route}, headers=headers)
            )

        return side("old", "old"), side("new" + body, "new" + value)

    parsed, plain = parse(*sides(label, "/" + path, body, body)), parse(*sides("label", "/path", "body", "body"))
    own = {node.tag for node in plain.css("*")} | {"b", "bdi", "i", "code", "del", "ins"}
    assert {node.tag for node in parsed.css("*")} <= own
    assert {name for node in parsed.css("*") for name in node.attributes} <= {
        name for node in plain.css("*") for name in node.attributes
    }
    assert [node.text() for node in parsed.css("script:not([type])")] == [
        node.text() for node in plain.css("script:not([type])")
    ]
    bodies = [json.loads(node.text()) for node in parsed.css("script[id^=body-]")]
    assert set(bodies) == {"old", "new" + body}
    targets = [node.attributes["href"] or "" for node in parsed.css("[href]")]
    assert all(re.fullmatch(r"#[a-z0-9-]+", target) for target in targets)


def test_assets_that_a_shown_page_names_are_in_the_report_once() -> None:
    link = b'<link rel="stylesheet" href="/static/a.12345678.css"><img src="/static/b.12345678.png">'
    style = Fragment(ASSETS, "/static/a.12345678.css", b"p { color: red } </script>")
    image = Fragment(ASSETS, "/static/b.12345678.png", b"\x89PNG")

    def side(text: bytes) -> Side:
        bodies = [Fragment(PAGE_TPL, page_key(path, "free"), link + text + path.encode()) for path in ("/a", "/b")]
        return pack_side("side", [*bodies, style, image], manifest_of({}))

    found = {
        node.attributes["data-asset"]: json.loads(node.text())
        for node in parse(side(b"1"), side(b"2")).css("[data-asset]")
    }
    assert found == {
        "/static/a.12345678.css": "p { color: red } </script>",
        "/static/b.12345678.png": base64.b64encode(b"\x89PNG").decode(),
    }


def test_what_both_sides_have_is_read_from_the_old_one() -> None:
    """A site that was compiled anew in part only has what was new."""
    style = Fragment(ASSETS, "/static/a.12345678.css", b"p { color: red }")
    link = b'<link rel="stylesheet" href="/static/a.12345678.css">'

    def side(text: bytes) -> Side:
        return pack_side("side", [Fragment(STATIC_PAGES, "/", link + text), style], manifest_of({}))

    old, new = side(b"old"), side(b"new")
    only_new = {hex_digest(link + b"new"): link + b"new"}
    assert "color: red" in report(old, new._replace(read=only_new.__getitem__))


def test_a_large_sites_report_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_LISTED", 30)
    monkeypatch.setattr(document, "MOST_LISTED", 30)
    monkeypatch.setattr(pages, "MOST_SHOWN", 5)
    monkeypatch.setattr(document, "MOST_SHOWN", 5)
    old = page_side("old", {f"/{number:03}": {"free": b"old"} for number in range(40)})
    new = page_side("new", {f"/{number:03}": {"free": b"new"} for number in range(40)})
    parsed = parse(old, new)
    assert len(parsed.css(".page")) == 30
    assert len(parsed.css(".page details")) == 5
    assert "10 more pages not in this report." in texts(parsed, "#pages > p.quiet")


def test_the_bytes_of_bodies_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_MOST_BYTES", 2_000)
    monkeypatch.setattr(rendered, "LARGEST_BODY", 900)
    old = page_side("old", {f"/{name}": {"free": b"x" * 900} for name in "abc"})
    new = page_side("new", {f"/{name}": {"free": b"y" * 901} for name in "abc"})
    parsed = parse(old, new)
    assert len(parsed.css(".page details")) == 1
    assert len(parsed.css("script[id^=body-]")) == 1
    assert texts(parsed, ".page .summary .quiet:last-child") == ["free", *["(more than this report takes)"] * 2]


def test_the_pages_of_dangers_and_changes_are_those_that_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_SHOWN", 1)
    old = page_side("old", {"/a": {"free": b"old"}, "/z": b"static"})
    new = page_side("new", {"/a": {"free": b"new"}, "/z": {"free": b"static {USER_NAME}"}})
    assert texts(parse(old, new), ".page details .path") == ["/z"]


def test_no_chunk_holds_more_than_a_page() -> None:
    old = page_side("old", {f"/{number}": {"free": b"old %d\n" % number * 50} for number in range(20)})
    new = page_side("new", {f"/{number}": {"free": b"new %d\n" % number * 50} for number in range(20)})
    chunks = list(render_html(compare(old, new), old, new))
    assert max(chunk.count("<li id=") for chunk in chunks) == 1


def test_a_damaged_body_is_shown_all_the_same() -> None:
    parsed = parse(page_side("old", page("/", b"a")), page_side("new", page("/", b"\xff\xfe")))
    assert texts(parsed, ".source .code.come") == ["\ufffd\ufffd"]

"""Pages of one outline are checked once: what is remembered equals what the check would find."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from edgekit.compiler.contexts import Contexts, check_contexts
from edgekit.compiler.outline import outline_of
from tests.compiler.placing import read_pieces
from tests.scale import scaled

DATUM = "DATUM"
"""Where a page's data stands in a template of these tests."""

SLOTS = ("{S}", "{N}", "{S:json}", "{N:json}", "{S:url}", "{S:path}", "{S:href}")
MARKUP = """
<p> </p> <b> </b> <a_href=" <a_href=' "> '> <p_title=" <p_title=' "_alt=" '_alt=' <!-- --> <script> </script> let_x_=_ ;
<script_type="application/json"> " ' ` / // <style> </style> <textarea> </textarea> <title> </title> <noscript> <table>
</noscript> <tr> <td> </table> <select> <option> </select> <svg> </svg> <template> </template> <input_type="
<meta_name=" "_content=" <xmp> </xmp> <plaintext> <![CDATA[ ]]> <iframe> <p_data-x='{"a":_ }'> /p/ ?q= &amp; & &am # _
< > = } html; <body_class=" <head> </head> <frameset> <math> <mi> <annotation-xml_encoding=" \ufeff \x01t
""".split()  # noqa: SIM905
USUAL = (
    ("<p title='", DATUM, "'>", DATUM, "{S}", DATUM, "</p>"),
    ('<p title="', DATUM, '{S}">', DATUM, "</p>"),
    ('<a href="/', DATUM, '?q={S:url}" title="', DATUM, '">', DATUM, "</a>"),
    ('<img src="/', DATUM, '/{S:path}">'),
    ('<script>let x = "', DATUM, '", y = {S:json}, z = ', DATUM, "</script>"),
    ('<script type="application/json">{"a": "', DATUM, '", "b": [', DATUM, ", {N:json}]}</script>"),
)
DATA = (
    "",
    " ",
    "Lamp",
    "a&b",
    "<b>",
    'say "hi"',
    "p-1",
    "12.5",
    "p-1/x",
    "--",
    "a=",
    "\n",
    "\0",
    "hidden",
    "//h",
    "a:b",
)

parts = st.sampled_from([(part.replace("_", " "),) for part in MARKUP] + [(slot,) for slot in SLOTS] + [(DATUM,)] * 12)
templates = st.lists(st.one_of(st.sampled_from(USUAL), parts), min_size=1, max_size=8).map(lambda found: sum(found, ()))
pages_of_data = st.lists(st.lists(st.sampled_from(DATA), min_size=3, max_size=5), min_size=2, max_size=5)


def fill(template: tuple[str, ...], data: list[str]) -> str:
    """The template's page with these data, escaped, each in turn."""
    return "".join(str(escape(data[at % len(data)])) if part is DATUM else part for at, part in enumerate(template))


@given(templates, pages_of_data)
@settings(max_examples=scaled(300))
def test_what_is_remembered_is_what_would_be_found(template: tuple[str, ...], pages: list[list[str]]) -> None:
    contexts = Contexts()
    for data in pages:
        pieces = read_pieces(fill(template, data))
        assert check_contexts(pieces) == contexts.check(pieces)


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        ('<meta NAME="author" content="{S}">', '<meta NAME="referrer" content="{S}">'),
        ('<a href="<i>/p</i>/{S:path}">', '<a href="<i>/p?</i>/{S:path}">'),
        ('<script>/* "a" */ let b = {S:json}</script>', '<script>/* "*/ a /*" */ let b = {S:json}</script>'),
        ('<script>let a = /"b"/, c = {S:json}</script>', '<script>let a = /"/ /"/, c = {S:json}</script>'),
        ('<p title="a" class=\'b="c" d="{S}"\'>', '<p title="a" class=\'b="c" d="{S}"\' id=x{S}>'),
    ],
)
def test_what_only_looks_like_data_is_not_left_out(allowed: str, refused: str) -> None:
    contexts = Contexts()
    assert contexts.check(read_pieces(allowed)) == []
    assert contexts.check(read_pieces(refused)) == check_contexts(read_pieces(refused)) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>a lamp</p>{S}", "<p>a &amp; &#34;b&#34;</p>{S}"),
        ('<p title="a">{S}</p>', '<p title="">{S}</p>'),
        ("<p>Hello {S}, here is a lamp</p>", "<p>Hello {S}, look: a pot</p>"),
        ('<p title="a for {S}">', '<p title="b for {S}">'),
        ('<a href="/p-1?u={S:url}">', '<a href="/shop/p-2?u={S:url}">'),
        ('<a href="/p-1/{S:path}">', '<a href="/p-2/{S:path}">'),
        (
            '<script>f({"sku": "p-1", "price": 1.5, "u": {S:json}})</script>',
            '<script>f({"sku": "p 2", "price": 20, "u": {S:json}})</script>',
        ),
        (
            '<script type="application/json">{"sku": "p-1", "price": 1.5, "u": {S:json}}</script>',
            '<script type="application/json">{"sku": "p 2", "price": 20, "u": {S:json}}</script>',
        ),
        ("<script>f('a', 1)</script><p>{S}</p>", "<script>f('b', 2); g()</script><p>{S}</p>"),
        (
            '<script type="application/ld+json">[1]</script>{S}',
            '<script type="application/ld+json">{"a": 2}</script>{S}',
        ),
    ],
)
def test_pages_that_differ_in_data_have_one_outline(one: str, other: str) -> None:
    contexts = Contexts()
    assert outline_of(read_pieces(one)) == outline_of(read_pieces(other))
    assert contexts.check(read_pieces(one)) == []
    assert list(contexts.proved.values()) == [()]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>{S}</p><b>a</b>", "<p>{S}</p><b></b>"),
        ("<p>{S}</p><b>a</b>", "<p>{S}</p><b> </b>"),
        ("<p>{S}</p>", "<p>{N}</p>"),
        ('<p data-x="{S}">', "<p data-x='{S}'>"),
        ('<a href="/p?q={S:url}">', '<a href="/p/{S:path}">'),
        ('<a href="/p?q={N}">', '<a href="//p?q={N}">'),
        ('<input type="text">{S}', '<input type="hidden">{S}'),
        ("<!-- a -->{S}", "<!-- b -->{S}"),
        ("<style>a<b</style>{S}", "<style>b<b</style>{S}"),
    ],
)
def test_pages_that_differ_in_more_have_two_outlines(one: str, other: str) -> None:
    assert outline_of(read_pieces(one)) != outline_of(read_pieces(other))


@pytest.mark.parametrize("page", ["<p>\0{S}</p>", "<p>\1t{S}</p>"])
def test_a_page_with_the_characters_of_outlines_has_none(page: str) -> None:
    assert outline_of(read_pieces(page)) is None
    assert Contexts().check(read_pieces(page)) == []


def test_an_outline_with_something_that_is_not_free_is_looked_at_each_time() -> None:
    contexts = Contexts()
    pieces = read_pieces('<p title="<!--">{S}</p><!-- <p title="a">b</p> --><xmp><p title="a"></xmp>')
    assert contexts.check(pieces) == []
    assert list(contexts.proved.values()) == [None]


def test_what_is_wrong_with_a_page_is_remembered_for_those_of_its_outline() -> None:
    contexts = Contexts()
    pages = [
        read_pieces(f"<h1>{name}</h1><p>{{N}}</p><a onclick='f({{S:json}})'>x</a>") for name in ("a lamp", "a pot")
    ]
    for pieces in pages:
        (found,) = contexts.check(pieces)
        assert [found] == check_contexts(pieces)
        assert found.placed is pieces[3]
    assert [len(refusals or ()) for refusals in contexts.proved.values()] == [1]

"""Which links are dead, where they are told to be, and for which tiers."""

from pathlib import Path

import pytest

from edgekit.compiler.page import PageCompiler
from edgekit.diagnostics.diagnostic import Diagnostic
from tests.compiler.sites import CONFIG, Compiled, compile_files, findings_of, write_site

SITE = {
    "edgekit.toml": CONFIG
    + '[redirects]\n"/old/[x]" = "/about"\n"/gone" = "https://other.example/"\n'
    + '[pages."[sku].html"]\neach = "data.shop.items"\n',
    "pages/about.html": "",
    "pages/[sku].html": "",
    "pages/a/b.html": "",
    "pages/süß & so.html": "",
}


def compile_page(folder: Path, text: str, name: str = "pages/index.html", **files: str) -> Compiled:
    compiled = compile_files(folder, {**SITE, "pages/index.html": "", name: text, **files})
    assert compiled.result.pack is not None, compiled.result.diagnostics
    return compiled


def warnings(compiled: Compiled) -> list[Diagnostic]:
    assert {found.severity for found in compiled.findings} <= {"warning"}
    return compiled.findings


def dead(folder: Path, text: str, name: str = "pages/index.html") -> list[str]:
    return [found.message.split("`")[1] for found in warnings(compile_page(folder, text, name))]


@pytest.mark.parametrize(
    "text",
    [
        '<a href="/about">',
        '<a href="/p-1">',
        '<a href="/">',
        '<a href="">',
        '<a href="#x">',
        '<a href="?x=1">',
        '<a href="/about?x=/nowhere#/nowhere">',
        '<a href="/about/">',
        '<a href="/about.html">',
        '<a href="about">',
        '<a href="./about">',
        '<a href="/a/../about">',
        '<a href="/old/anything">',
        '<a href="/gone">',
        '<a href="https://shop.example/about">',
        '<a href="HTTPS://SHOP.example/about">',
        '<a href="https://shop.example">',
        '<a href="//shop.example/about">',
        '<a href="https://other.example/nowhere">',
        '<a href="//other.example/nowhere">',
        '<a href="mailto:nowhere@shop.example">',
        '<a href="tel:+48123">',
        '<a href="https://[broken">',
        '<a href="/s%C3%BC%C3%9F%20&amp;%20so">',
        '<a href="/süß &amp; so">',
        "<a href='/s&#xfc;&szlig; & so'>",
        '<a href=" /about ">',
        '<a href="/_edgekit/health">',
        '<link rel="stylesheet" href="{{ asset("shop.css") }}">',
        '<a name="/nowhere" id="/nowhere" data-href="/nowhere">',
        '<p title="<a href=/nowhere>">',
        "<!-- <a href='/nowhere'> -->",
        "<script>let a = '<a href=\"/nowhere\">'; b.src = '/nowhere'</script>",
        '<script type="application/json">{"a": "<a href=\'/nowhere\'>"}</script>',
        "<style>a[href='/nowhere'] {}</style>",
        "<textarea><a href='/nowhere'></textarea>",
        "<p>href=/nowhere src=/nowhere = /nowhere</p>",
        '<form method="post" action="/nowhere">',
        '<base href="/else/"><a href="nowhere">',
    ],
)
def test_a_link_that_leads_somewhere_or_is_none_is_fine(tmp_path: Path, text: str) -> None:
    assert dead(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('<a href="/nowhere">', "/nowhere"),
        ("<a href='/nowhere'>", "/nowhere"),
        ("<a href=/nowhere>", "/nowhere"),
        ("<a HREF = /nowhere>", "/nowhere"),
        ('<a\nhref\n=\n"/nowhere"\n>', "/nowhere"),
        ('<a href="nowhere">', "/nowhere"),
        ('<a href="/nowhere?x#y">', "/nowhere"),
        ('<a href="/no&amp;where&#39;s">', "/no&where's"),
        ('<a href="/no where">', "/no where"),
        ('<a href="/nowhere?a=1&copy=2">', "/nowhere"),
        ('<a href="https://shop.example/nowhere">', "/nowhere"),
        ('<a href="//shop.example/nowhere">', "/nowhere"),
        ('<a href="/a%2Fb">', "/a%2Fb"),
        ('<a href="/%ff">', "/%ff"),
        ('<a href="/404">', "/404"),
        ('<a href="/old">', "/old"),
        ('<a href="/ABOUT">', "/ABOUT"),
        ('<map><area href="/nowhere"></map>', "/nowhere"),
        ('<img src="/img/tea.jpg">', "/img/tea.jpg"),
        ('<script src="/app.js"></script>', "/app.js"),
        ('<link rel="canonical" href="https://shop.example/nowhere">', "/nowhere"),
        ('<video src="/a.mp4"></video>', "/a.mp4"),
        ('<video poster="/a.jpg"></video>', "/a.jpg"),
        ('<audio><source src="/a.mp3"></audio>', "/a.mp3"),
        ('<iframe src="/nowhere"></iframe>', "/nowhere"),
        ('<form action="/nowhere">', "/nowhere"),
        ('<form method="GET" action="/nowhere">', "/nowhere"),
        ('<link rel="stylesheet" href="/static/shop.css">', "/static/shop.css"),
    ],
)
def test_a_link_to_nowhere_is_a_warning(tmp_path: Path, text: str, path: str) -> None:
    assert dead(tmp_path, text) == [path]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ('<a href="/{{ user.name|path_part }}">', []),
        ('<a href="/nowhere/{{ user.name|path_part }}/x">', []),
        ('<a href="/about?q={{ user.name|urlencode }}">', []),
        ('<a href="{{ user.name|safe_url }}">', []),
        ('<a href="/nowhere?q={{ user.name|urlencode }}">', ["/nowhere"]),
        ('<a href="/nowhere#{{ user.name|urlencode }}">', ["/nowhere"]),
        ('\n\n<a href="/nowhere?q={{ user.name|urlencode }}&page=2">', ["/nowhere"]),
    ],
)
def test_a_slot_in_a_path_may_lead_anywhere_and_one_behind_it_changes_nothing(
    tmp_path: Path, text: str, paths: list[str]
) -> None:
    compiler = PageCompiler(write_site(tmp_path, {**SITE, "pages/index.html": text}))
    (page,) = (page for page in compiler.site.pages if page.path == "/")
    variants = compiler.tracer.trace(page, "free")
    assert isinstance(variants, tuple)
    found = compiler.links.check(page, {"free": variants}).dead
    assert [(dead.path, dead.location) for dead in found] == [
        (path, ("pages/index.html", text.count("\n") + 1)) for path in paths
    ]


def test_relative_links_are_those_of_their_page(tmp_path: Path) -> None:
    text = '<a href="b"></a><a href="../about"></a><a href="about"></a>'
    assert dead(tmp_path, text, "pages/a/b.html") == ["/a/about"]


def test_an_error_page_is_shown_anywhere_so_its_relative_links_are_not_judged(tmp_path: Path) -> None:
    assert dead(
        tmp_path, '<a href="nowhere"></a><a href="../nowhere"></a><a href="/nowhere"></a>', "pages/404.html"
    ) == ["/nowhere"]


def test_a_warning_has_the_line_of_the_template_and_what_was_meant(tmp_path: Path) -> None:
    (found,) = warnings(compile_page(tmp_path, '\n<p>\n  <a href="/abuot">{{ user.name }}</a>\n'))
    assert (found.code, found.line, found.pages) == ("EK801", 3, ("/",))
    assert found.file == str(tmp_path / "pages/index.html")
    assert found.source == '  <a href="/abuot">{{ user.name }}</a>'
    assert found.message == "nothing answers the link to `/abuot`; did you mean `/about`?"


def test_an_error_page_is_not_what_was_meant(tmp_path: Path) -> None:
    (found,) = warnings(compile_page(tmp_path, '<a href="/404">', **{"pages/404.html": ""}))
    assert found.message == "nothing answers the link to `/404`"


def test_a_slot_in_its_query_leaves_a_link_its_line(tmp_path: Path) -> None:
    (found,) = warnings(compile_page(tmp_path, '<p>\n\n<a href="/nowhere?u={{ user.name|urlencode }}">x</a>'))
    assert found.line == 3


def test_the_line_is_that_of_the_link_whatever_is_printed_before_it(tmp_path: Path) -> None:
    text = (
        "{% for n in [1, 2] -%}\n\n<p>\n<a\n  href='/one'></a>\n<a href='/no-{{ n }}/x'></a>\n"
        "{% endfor %}{{ data.shop.name }}\n<a href='/two'></a>"
    )
    found = warnings(compile_page(tmp_path, text))
    assert [(one.line, one.message.partition("link")[2].split("`")[1]) for one in found] == [
        (5, "/one"),
        (6, "/no-1/x"),
        (8, "/two"),
    ]


def test_a_file_of_static_is_named_by_asset(tmp_path: Path) -> None:
    for path in ("/static/shop.css", "/shop.css"):
        (found,) = warnings(compile_page(tmp_path, f'<link rel="stylesheet" href="{path}">'))
        assert found.help.startswith('write `{{ asset("shop.css") }}`')


def test_one_line_of_a_layout_is_one_warning_with_all_its_pages(tmp_path: Path) -> None:
    layout = "\n<a href='/nowhere'></a>{% block main %}{% endblock %}"
    extends = '{% extends "layout.html" %}'
    files = {"templates/layout.html": layout, "pages/about.html": extends, "pages/[sku].html": extends}
    (found,) = warnings(compile_page(tmp_path, extends, **files))
    assert (Path(found.file or "").name, found.line) == ("layout.html", 2)
    assert found.pages == ("/", "/about", "/p-1", "/p-2", "/p-3")


def test_a_line_with_many_paths_names_the_first(tmp_path: Path) -> None:
    (found,) = warnings(compile_page(tmp_path, '{% for n in range(5) %}<a href="/no-{{ n }}"></a>{% endfor %}'))
    assert found.message == "nothing answers the links to `/no-0`, `/no-1`, `/no-2` and 2 others"


def test_a_link_of_one_tier_names_it(tmp_path: Path) -> None:
    text = '{% if tier == "vip" %}<a href="/lounge">{% endif %}<a href="/nowhere">'
    assert sorted(found.message for found in warnings(compile_page(tmp_path, text))) == [
        "nothing answers the link to `/lounge` (for tier `vip`)",
        "nothing answers the link to `/nowhere`",
    ]


def test_a_link_of_one_choice_is_found(tmp_path: Path) -> None:
    text = '<a href="/{% if user.state == "member" %}nowhere{% else %}about{% endif %}">'
    assert dead(tmp_path, text) == ["/nowhere"]


def test_a_site_with_an_error_has_its_warnings_too(tmp_path: Path) -> None:
    files = {**SITE, "pages/index.html": '<a href="/nowhere">', "pages/about.html": "{{ user.name|upper }}"}
    compiled = compile_files(tmp_path, files)
    assert compiled.result.pack is None
    assert [(found.code, found.severity) for found in compiled.findings] == [
        ("EK202", "error"),
        ("EK801", "warning"),
    ]


def test_several_processes_find_the_same(tmp_path: Path) -> None:
    files = {**SITE, "pages/index.html": '<a href="/nowhere">', "pages/[sku].html": '\n<a href="/q-{{ item.sku }}">'}
    one, two = (compile_files(tmp_path / str(jobs), files, jobs=jobs).result for jobs in (1, 2))
    assert [(found.message, found.pages) for found in findings_of(one)] == [
        ("nothing answers the links to `/q-p-1`, `/q-p-2`, `/q-p-3`", ("/p-1", "/p-2", "/p-3")),
        ("nothing answers the link to `/nowhere`", ("/",)),
    ]
    assert [(found.message, found.pages) for found in findings_of(two)] == [
        (found.message, found.pages) for found in findings_of(one)
    ]
    assert one.pack == two.pack

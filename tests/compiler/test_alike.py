"""Pages of one template that fail before they read anything of their own: one render tells of all."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.compiler.page import PageCompiler
from edgekit.project.site import Page
from tests.compiler.sites import CONFIG, write_site
from tests.scale import scaled

ITEMS = '[pages."[sku].html"]\neach = "data.shop.items"\n'
WRONG = "{{ user.name|upper }}"


def compile_items(folder: Path, text: str, layout: str = "") -> int:
    """How many of the three items' pages are rendered; asserts that each is compiled as it is alone."""
    files = {"edgekit.toml": CONFIG + ITEMS, "pages/[sku].html": text, "templates/layout.html": layout}
    site = write_site(folder, files)
    compiler = PageCompiler(site)
    rendered = []
    trace = compiler.tracer.trace

    def count(page: Page, tier: str) -> object:
        rendered.append(page.path)
        return trace(page, tier)

    compiler.tracer.trace = count  # type: ignore[method-assign, assignment]
    assert [compiler.compile(page) for page in site.pages] == [PageCompiler(site).compile(page) for page in site.pages]
    return len(set(rendered))


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        (WRONG + "{% block main %}{{ item.sku }}{% endblock %}", ""),
        (
            '{% extends "layout.html" %}{% block main %}{{ item.sku }}{% endblock %}',
            WRONG + "{% block main %}{% endblock %}",
        ),
        ("{% if %}", ""),
        ('{% include "nowhere.html" %}{% block main %}{{ item.sku }}{% endblock %}', ""),
        ("{{ nothing }}", ""),
        ("{% include 5 %}{% include 'a'|e %}", ""),
        ("<a onclick='{{ user.name }}'>x</a>", ""),
        ("{% if tier == 'vip' %}" + WRONG + "{% endif %}", ""),
    ],
)
def test_what_fails_before_its_item_is_read_is_rendered_once(tmp_path: Path, text: str, layout: str) -> None:
    assert compile_items(tmp_path, text, layout) == 1


@pytest.mark.parametrize(
    "text",
    [
        "{{ item.sku }}" + WRONG,
        "{% if item.tags %}" + WRONG + "{% endif %}",
        "{{ page.path }}" + WRONG,
        '{% include "layout.html" %}' + WRONG,
        '{% import "layout.html" as layout with context %}' + WRONG,
        "<p>fine</p>",
    ],
)
def test_what_reads_its_item_or_does_not_fail_is_rendered_each_time(tmp_path: Path, text: str) -> None:
    assert compile_items(tmp_path, text, "{{ item.title }}") == 3


PIECES = [
    WRONG, "{{ item.sku }}", "{{ page.path }}", "{{ page.params.sku }}", "{% if item.tags %}x{{ missing }}{% endif %}",
    "{% if item.price == 10 %}{{ user.name|length }}{% endif %}", "{% set x = item %}", "{{ data.shop.name }}",
    "{% for tag in item.tags %}{{ asset(tag) }}{% endfor %}", '{% include "layout.html" %}', "<p>{{ user.name }}</p>",
    "{% if user.known %}" + WRONG + "{% endif %}", "{% if tier == 'vip' %}{{ item.nothing }}{% endif %}",
    '{% include item.sku ~ ".html" ignore missing %}', "{{ self }}", "{{ item.price / 0 }}",
]  # fmt: skip


@settings(max_examples=scaled(60))
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), st.sampled_from(PIECES))
def test_a_page_is_compiled_as_it_is_alone(pieces: list[str], layout: str) -> None:
    with TemporaryDirectory() as folder:
        compile_items(Path(folder).resolve(), "".join(pieces), layout if "include" not in layout else "")

"""A page is a function of its inputs: nothing that was rendered before, and no order, changes a byte of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgekit.compiler.build import compile_site
from edgekit.compiler.oracle import Oracle
from edgekit.compiler.page import PageCompiler
from edgekit.compiler.trace import Traced, Tracer
from edgekit.model.fragment import Fragment, decode_trace, encode_trace
from edgekit.project.load import load_site
from tests.compiler.sites import CONFIG, compile_files, values_of, write_site
from tests.scale import scaled

SHARED = {
    "edgekit.toml": f"""{CONFIG}
[jinja]
extensions = ["do", "loopcontrols", "i18n"]
filters = {{ money = "shop:money" }}
globals = {{ NAV = "shop:NAV" }}
""",
    "../shop.py": 'NAV = [{"t": "Home"}]\n\n\ndef money(x):\n    return f"{x:.2f}"\n',
    "templates/m.html": """\
{%- set ns = namespace(i=0) %}{% set c = cycler("a", "b", "c") %}{% set j = joiner() %}{% set xs = [1] -%}
{%- macro count() %}{% set ns.i = ns.i + 1 %}{{ ns.i }}{% endmacro -%}
{%- macro remember(x) %}{{ ns.last|default("-") }}{% set ns.last = x %}{% endmacro -%}
{%- macro longer(xs=[]) %}{{ xs|length }}{% set xs = xs + [1] %}{{ xs|length }}{% endmacro -%}""",
    "templates/n.html": '{% import "m.html" as inner %}{% macro count() %}{{ inner.count() }}{% endmacro %}',
    "templates/part.html": '{% import "m.html" as m %}{{ m.count() }}{{ m.c.next() }}',
    "templates/broken.html": '{% import "m.html" as m %}{{ m.count() }}{% if %}',
    "templates/layout.html": '{% import "m.html" as m %}<p>{{ m.count() }}{% block b %}{% endblock %}</p>',
}

LEAVING = [
    "{{ m.count() }}{{ m.count() }}",
    "{{ m.c.next() }}{{ m.c.current }}{{ m.j() }}{{ m.j() }}",
    "{% from 'm.html' import ns %}{% set ns.i = ns.i + 5 %}{{ ns.i }}{{ m.count() }}",
    "{{ m.remember(tier) }}{{ m.remember(user.name) }}{{ m.remember(segment.hero) }}",
    "{{ m.longer() }}{{ m.longer() }}",
    "{% import 'n.html' as n %}{{ n.count() }}",
    "{% include 'part.html' %}{% include 'part.html' without context %}",
    "{% import 'm.html' as fresh with context %}{{ fresh.count() }}",
    "{% do m.count() %}{% do m.c.next() %}{{ m.c.current }}",
    "{% set c = cycler(1, 2) %}{% do c.next() %}{{ c.current }}{{ 3|money }}{{ NAV }}",
    "{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{% if x == 2 %}{% break %}{% endif %}{% endfor %}",
    "{{ asset('shop.css') }}{{ build_time }}{% trans n=user.city %}Hi {{ n }}{% endtrans %}",
    "{% set m2 %}{{ m.count() }}{{ user.points }}{% endset %}{{ m2 }}",
    "{% set user2 = user %}{{ user2.name }}{{ data.shop['items']|map(attribute='sku')|join }}",
]
FAILING = [
    "{{ user.name|upper }}",
    "{{ m.count() }}{{ 1 // 0 }}",
    "{{ m.remember(user.name) }}{{ nope }}",
    "{% include 'broken.html' %}",
    "{% do m.xs.append(1) %}",
    "{% do NAV.clear() %}",
    "{{ 'x'|money }}",
    "{% if m.count() ~ user.name %}{% endif %}",
    "{{ '%s' % m.count }}",
    "{% break %}",
]


BLOCK = "{{% extends 'layout.html' %}}{{% import 'm.html' as m %}}{{% block b %}}{}{{{{ super() }}}}{{% endblock %}}"


def templates() -> st.SearchStrategy[str]:
    parts = st.lists(st.sampled_from(LEAVING), min_size=1, max_size=3).map("".join)
    failing = st.tuples(parts, st.sampled_from(FAILING)).map("".join)
    bodies = st.one_of(parts, parts, failing)
    return st.one_of(
        bodies.map("{{% import 'm.html' as m %}}<p>{}</p>".format),
        bodies.map(BLOCK.format),
    )


@settings(max_examples=scaled(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(templates(), min_size=2, max_size=5), st.data())
def test_what_was_rendered_before_changes_nothing(bodies: list[str], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        site = write_site(
            Path(folder, "site"), {**SHARED, **{f"pages/p{n}.html": body for n, body in enumerate(bodies)}}
        )
        work = [(page, tier) for page in site.pages for tier in site.tiers]
        alone = {(page.path, tier): Tracer(site).trace(page, tier) for page, tier in work}
        values = {tier: values_of(site, "<x>", 3) for tier in site.tiers}
        tracer, oracle = Tracer(site), Oracle(site)
        for page, tier in data.draw(st.lists(st.sampled_from(work), min_size=len(work), max_size=3 * len(work))):
            expected = alone[page.path, tier]
            assert tracer.trace(page, tier) == expected
            if isinstance(expected, Traced):
                assert oracle.render(page, tier, values[tier]) == Oracle(site).render(page, tier, values[tier])


@settings(max_examples=scaled(6), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(templates(), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_order_of_pages_and_number_of_processes_change_nothing(bodies: list[str], random: Any) -> None:
    with TemporaryDirectory() as folder:
        site = write_site(
            Path(folder, "site"), {**SHARED, **{f"pages/p{n}.html": body for n, body in enumerate(bodies)}}
        )
        alone = {page.path: PageCompiler(site).compile(page) for page in site.pages}
        compiler = PageCompiler(site)
        shuffled = random.sample(site.pages, len(site.pages))
        assert {page.path: compiler.compile(page) for page in shuffled} == {
            page.path: alone[page.path] for page in shuffled
        }
        one: list[Fragment] = []
        two: list[Fragment] = []
        assert compile_site(site, one.append, jobs=1) == compile_site(site, two.append, jobs=2)
        assert one == two


def test_the_templates_of_the_property_compile_and_fail_as_they_should(tmp_path: Path) -> None:
    head = "{% import 'm.html' as m %}"
    for number, body in enumerate(LEAVING):
        assert compile_files(tmp_path / f"a{number}" / "site", {**SHARED, "pages/a.html": head + body}).codes == []
    for number, body in enumerate(FAILING):
        assert len(compile_files(tmp_path / f"b{number}" / "site", {**SHARED, "pages/a.html": head + body}).codes) == 1


CLOCK: Mapping[str, str] = {
    "pages/now.html": "<p>{{ build_time }}</p>",
    "pages/import.html": "{% import 'm.html' as m %}<p>{{ m.year() }}</p>",
    "pages/include.html": "{% include 'p.html' %}",
    "pages/never.html": "<p>{{ user.name }}</p>",
    "templates/m.html": "{% macro year() %}{{ build_time.year }}{% endmacro %}",
    "templates/p.html": "{{ build_time.year }}",
}


def release_at(folder: Path, moment: datetime) -> tuple[str, dict[str, Fragment]]:
    write_site(folder, CLOCK)
    fragments: dict[str, Fragment] = {}

    def keep(fragment: Fragment) -> None:
        fragments[fragment.key] = fragment

    result = compile_site(load_site(folder, build_time=moment), keep)
    assert result.pack is not None
    return result.pack.release, fragments


def test_two_builds_at_one_time_are_one_release_and_at_another_time_another(tmp_path: Path) -> None:
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    releases = [release_at(tmp_path / name, moment)[0] for name, moment in (("a", first), ("b", first), ("c", second))]
    assert (releases[0] == releases[1], releases[0] == releases[2]) == (True, False)


def test_the_trace_says_whether_a_page_read_the_clock(tmp_path: Path) -> None:
    _, fragments = release_at(tmp_path, datetime(2026, 1, 1, tzinfo=UTC))
    read = {
        key: decode_trace(encode_trace(fragment.trace)).reads_clock
        for key, fragment in fragments.items()
        if fragment.trace is not None
    }
    assert read == {"/import": True, "/include": True, "/now": True, "/never:free": False, "/never:vip": False}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_sites_own_functions_are_the_same_in_every_process(jobs: int, tmp_path: Path) -> None:
    files = {**SHARED, "pages/a.html": "{{ 1|money }}", "pages/b.html": "{{ 'x'|money }}"}
    assert compile_files(tmp_path / "site", files, jobs=jobs).codes == ["EK218"]

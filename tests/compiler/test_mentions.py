"""The data that a template reads are found in its text, however they are reached."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from edgekit.compiler.environment import PageEnvironment
from edgekit.compiler.mentions import find_mentions
from edgekit.compiler.names import FUNCTIONS, name_data
from edgekit.project.load import load_site
from edgekit.project.site import Functions, Site
from tests.compiler.sites import BUILD_TIME, CONFIG, write_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return write_site(tmp_path_factory.mktemp("site"), {"pages/index.html": ""})


def paths(site: Site, template: str) -> set[str]:
    return set(find_mentions(PageEnvironment(site).parse(template), Functions()).reads)


@pytest.mark.parametrize(
    ("template", "keys"),
    [
        ("{{ data.shop.name }}", [["shop", "name"]]),
        ("{{ data['shop']['name'] }}", [["shop", "name"]]),
        ("{{ data.shop['items'][0].sku }}", [["shop", "items"]]),
        ("{{ data.shop.name|upper }}", [["shop", "name"]]),
        ("{{ data.shop|attr('name') }}", [["shop"]]),
        ("{{ data.shop[page.path].name }}", [["shop"]]),
        ("{{ data[page.path].name }}", [[]]),
        ("{{ data.shop[data.key] }}", [["shop"], ["key"]]),
        ("{{ data|map('upper')|list }}", [[]]),
        ("{{ data.get('shop') }}", [["get"]]),
        ("{{ data.shop.get('name') }}", [["shop", "get"]]),
        ("{% set d = data %}{{ d.shop }}", [[]]),
        ("{% set s = data.shop %}{{ s.name }}", [["shop"]]),
        ("{% for key in data %}{% endfor %}", [[]]),
        ("{% macro m(d) %}{{ d.x }}{% endmacro %}{{ m(data.shop) }}", [["shop"]]),
        ("{% set data = {'x': 1} %}{{ data.x }}", [[], ["x"]]),
        ("{% include data.shop.part %}", [["shop", "part"]]),
        ("{% extends data.layout %}{% block a %}{{ data.b }}{% endblock %}", [["layout"], ["b"]]),
        ("{% if data.a is defined and 'x' in data.b.c %}{% endif %}", [["a"], ["b", "c"]]),
        ("{{ user.data.name }}{{ page['data'] }}", []),
        ("{% call(x) f() %}{{ data.a }}{% endcall %}{% filter upper %}{{ data.b }}{% endfilter %}", [["a"], ["b"]]),
    ],
)
def test_data_are_read_as_far_as_constants_lead(site: Site, template: str, keys: Sequence[Sequence[str]]) -> None:
    assert paths(site, template) == {name_data(path) for path in keys}


def test_functions_of_the_site_are_named_as_filters_tests_and_globals(site: Site) -> None:
    own = Functions({"money": str}, {"dear": bool}, {"RATE": 2})

    def names(template: str) -> bool:
        return FUNCTIONS in find_mentions(PageEnvironment(site).parse(template), own).reads

    templates = ["{{ 1|upper }}", "{{ 1|default(x) }}", "{{ 1 is odd }}", "{{ page.money }}"]
    assert not any(map(names, templates))
    assert all(map(names, ["{% if false %}{{ 1|upper }}{% endif %}{% set x = RATE %}"]))


def test_functions_config_names_and_installed_packages_are_of_one_digest(tmp_path: Path) -> None:
    config = CONFIG + '[jinja.filters]\nmoney = "shop:%s"\n'
    root = tmp_path / "site"
    files = {"edgekit.toml": config % "money", "pages/index.html": "", "../shop.py": "money = cash = str\n"}
    first = write_site(root, files).jinja.functions.digest
    (root / "edgekit.toml").write_text(config % "cash")
    second = load_site(root, build_time=BUILD_TIME).jinja.functions.digest
    (tmp_path / "shop.py").write_text("money = cash = repr\n")
    third = load_site(root, build_time=BUILD_TIME).jinja.functions.digest
    assert len({first, second, third}) == 3

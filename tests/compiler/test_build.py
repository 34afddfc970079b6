"""A compiled site: what becomes of its pages, and that nothing but the input decides it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit.compiler.build import compile_site
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.model.fragment import Fragment
from edgekit.model.manifest import Route
from tests.compiler.sites import CONFIG, compile_files, write_site

MANY = {
    "edgekit.toml": CONFIG + '\n[pages."p/[sku].html"]\neach = "data.goods"\nas = "item"\n',
    "data/goods.json": "[" + ", ".join(f'{{"sku": "s{n}", "n": {n}}}' for n in range(150)) + "]",
    "pages/p/[sku].html": (
        '{% import "m.html" as m %}<p>{{ item.n }} {{ user.name }} {{ tier }} {{ m.n() }} {{ segment.hero }}</p>'
        "{{ {'b': 1, 'a': 2}|dictsort }}{{ ['x', 'y', 'z']|unique|list }}"
    ),
    "pages/index.html": "<p>{{ data.goods|length }}</p>",
    "templates/m.html": "{% set c = namespace(i=0) %}{% macro n() %}{% set c.i = c.i + 1 %}{{ c.i }}{% endmacro %}",
}

PRINT_RELEASE = """
import sys
from pathlib import Path
from edgekit.compiler.build import compile_site
from edgekit.project.load import load_site
result = compile_site(load_site(Path(sys.argv[1])), lambda fragment: None, jobs=int(sys.argv[2]))
print(result.pack.release)
"""


def release_of(folder: Path, jobs: int, **environment: str) -> str:
    write_site(folder, MANY)
    command = [sys.executable, "-c", PRINT_RELEASE, str(folder), str(jobs)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_release_digest_is_the_same_under_other_hash_seeds_jobs_time_zones_locales_and_folders(tmp_path: Path) -> None:
    releases = {
        release_of(tmp_path / "a", 1, PYTHONHASHSEED="0", TZ="UTC"),
        release_of(tmp_path / "deeper" / "ž", 2, PYTHONHASHSEED="4711", TZ="Pacific/Auckland"),
        release_of(tmp_path / "c", 3, PYTHONHASHSEED="99", TZ="America/Lima", LC_ALL="C", PYTHONUTF8="0"),
    }
    assert len(releases) == 1


def test_workers_hand_on_the_same_fragments_in_the_same_order(tmp_path: Path) -> None:
    site = write_site(tmp_path, MANY)
    alone: list[Fragment] = []
    together: list[Fragment] = []
    assert compile_site(site, alone.append, jobs=1) == compile_site(site, together.append, jobs=2)
    assert together == alone


def test_findings_are_the_same_whether_one_process_looks_or_two(tmp_path: Path) -> None:
    site = write_site(tmp_path, {**MANY, "pages/p/[sku].html": "{% if item.n > 70 %}{{ user.name|upper }}{% endif %}"})
    one = compile_site(site, lambda fragment: None, jobs=1)
    assert one == compile_site(site, lambda fragment: None, jobs=2)
    assert [len(diagnostic.pages) for diagnostic in one.diagnostics] == [79]


def test_page_that_does_not_read_the_tier_is_rendered_once_and_stored_for_each(tmp_path: Path) -> None:
    compiled = compile_files(tmp_path, {"pages/index.html": "<p>{{ user.name }}</p>"})
    assert compiled.fragments["/:free"].body is compiled.fragments["/:vip"].body


@pytest.mark.parametrize(
    ("template", "route"),
    [
        ("<p>same for all</p>", Route("static", "STATIC_PAGES")),
        ("<p>{{ tier }}</p>", Route("segment", "PAGE_TPL")),
        ("<p>{{ user.tier }}</p>", Route("segment", "PAGE_TPL")),
        ("<p>{{ segment.discount }}</p>", Route("segment", "PAGE_TPL")),
        ("<p>{{ segment.hero }}</p>", Route("segment", "PAGE_TPL")),
        ("<p>{{ user.name }}</p>", Route("user", "PAGE_TPL")),
        ("<p>{{ request.query.q }}</p>", Route("user", "PAGE_TPL")),
        ("{% set unused = user.name %}<p></p>", Route("user", "PAGE_TPL")),
        ("{% if user.name is defined %}<p></p>{% endif %}", Route("user", "PAGE_TPL")),
        ("{% if tier == 'vip' %}<p>{{ user.name }}</p>{% endif %}", Route("user", "PAGE_TPL")),
        ("{% if tier is defined %}<p></p>{% endif %}", Route("segment", "PAGE_TPL")),
        ("{% if false %}{{ segment.discount }}{% endif %}<p></p>", Route("static", "STATIC_PAGES")),
    ],
)
def test_delivery_class_follows_from_what_the_page_reads(template: str, route: Route, tmp_path: Path) -> None:
    compiled = compile_files(tmp_path, {"pages/index.html": template})
    assert compiled.result.pack is not None
    assert compiled.result.pack.manifest.routes == {"/": route}


@pytest.mark.parametrize(
    ("delivery", "template", "codes"),
    [
        ("static", "<p></p>", []),
        ("static", "<p>{{ tier }}</p>", ["EK601"]),
        ("segment", "<p>{{ tier }}</p>", []),
        ("segment", "<p>{{ user.name }}</p>", ["EK601"]),
        ("user", "<p></p>", []),
    ],
)
def test_delivery_that_a_page_asserts_is_held(delivery: str, template: str, codes: list[str], tmp_path: Path) -> None:
    config = f'{CONFIG}\n[pages."index.html"]\ndelivery = "{delivery}"\n'
    compiled = compile_files(tmp_path, {"edgekit.toml": config, "pages/index.html": template})
    assert compiled.codes == codes


def test_fragment_over_the_budget_is_refused(tmp_path: Path) -> None:
    files = {"edgekit.toml": f"{CONFIG}\n[budget]\npage_kib = 1\n", "pages/index.html": "x" * 1025}
    assert compile_files(tmp_path, files).codes == ["EK501"]


def test_nothing_is_handed_on_after_a_finding(tmp_path: Path) -> None:
    files = {"pages/a.html": "<p></p>", "pages/b.html": "{{ nope }}", "pages/c.html": "<p></p>"}
    compiled = compile_files(tmp_path, files)
    assert list(compiled.fragments) == ["/a"]
    assert compiled.result.pack is None


def test_asset_that_changes_while_the_site_is_built_is_refused(tmp_path: Path) -> None:
    site = write_site(tmp_path, {"pages/index.html": "<p></p>"})
    (tmp_path / "static" / "shop.css").write_text("p { color: blue }")
    with pytest.raises(EdgekitError, match="EK419"):
        compile_site(site, lambda fragment: None)


def test_progress_counts_pages(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    site = write_site(tmp_path, {"pages/a.html": "", "pages/b.html": ""})
    compile_site(site, lambda fragment: None, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]

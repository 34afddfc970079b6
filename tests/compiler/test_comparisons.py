"""Comparisons with a text that the tier or a choice slot never is."""

from pathlib import Path

import pytest

from tests.compiler.sites import CONFIG, compile_files


def warned(folder: Path, page: str, **files: str) -> list[tuple[str, int | None, str]]:
    compiled = compile_files(folder, {"pages/index.html": page, **files})
    assert compiled.result.pack is not None, compiled.result.diagnostics
    assert {(found.code, found.severity) for found in compiled.findings} <= {("EK807", "warning")}
    return [(Path(found.file or "").name, found.line, found.message) for found in compiled.findings]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("{% if user.state == 'membr' %}x{% endif %}", "`user.state` is never `membr`; did you mean `member`?"),
        ("{% if user.state != \"Member\" %}x{% endif %}", "`user.state` is never `Member`; did you mean `member`?"),
        ("{{ 1 if 'visitor' == user.state }}", "`user.state` is never `visitor`"),
        ("{% set arm = request.cookie.arm=='c' %}", "`request.cookie.arm` is never `c`"),
        ("{% if segment.season == 'sumer' %}x{% endif %}", "`segment.season` is never `sumer`; did you mean `summer`?"),
        ("{% if tier == 'vpi' %}x{% endif %}", "`tier` is never `vpi`; did you mean `vip`?"),
        ("{% if user.tier == 'VIP' and 1 %}x{% endif %}", "`user.tier` is never `VIP`"),
        ("{% if user.known == 'true' %}x{% endif %}", "`user.known` is never `true`"),
        ("{% macro m(t) %}{% if user.state == 'x' %}{% endif %}{% endmacro %}", "`user.state` is never `x`"),
    ],
)  # fmt: skip
def test_what_is_never_true_is_told(page: str, message: str, tmp_path: Path) -> None:
    assert warned(tmp_path, f"<p>\n{page}") == [("index.html", 2, message)]


@pytest.mark.parametrize(
    "page",
    [
        "{% if user.state == 'member' or user.state != 'a b/ü' %}x{% endif %}",
        "{% if tier == 'vip' %}x{% endif %}{% if tier == 'free' %}y{% endif %}",
        "{% if tier == tier %}x{% endif %}",
        "{% if segment.perks == 'x' %}x{% endif %}",
        "{% macro m(tier) %}{% if tier == 'gold' %}x{% endif %}{% endmacro %}{{ m('gold') }}",
        "{% for user in [{'state': 'x'}] %}{% if user.state == 'y' %}{% endif %}{% endfor %}",
        "<code>tier == 'gold'</code>{# tier == 'gold' #}{{ \"tier == 'gold'\" }}",
        "{% raw %}{% if tier == 'gold' %}{% endraw %}",
        "{% if data.shop.name == 'x' %}{% endif %}",
    ],
)
def test_what_can_be_true_or_is_no_code_is_not(page: str, tmp_path: Path) -> None:
    assert warned(tmp_path, page) == []


def test_a_layout_is_told_once_and_a_theme_outside_the_site_is_its_own_affair(tmp_path: Path) -> None:
    theme = tmp_path / "theme"
    theme.mkdir()
    (theme / "theirs.html").write_text("{% if tier == 'gold' %}x{% endif %}")
    files = {
        "edgekit.toml": CONFIG + '[jinja]\npaths = ["../theme"]\n',
        "templates/layout.html": "{% include 'theirs.html' %}\n{% if tier == 'gold' %}x{% endif %}",
        "pages/b.html": "{% extends 'layout.html' %}",
    }
    found = warned(tmp_path / "site", "{% extends 'layout.html' %}", **files)
    assert found == [("layout.html", 2, "`tier` is never `gold`")]

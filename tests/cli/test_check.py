import json
from pathlib import Path

import pytest

from tests.cli.command import run, write_shop


def test_a_good_site_has_one_line(shop: Path) -> None:
    done = run("check")
    assert (done.status, done.text, done.err) == (0, "no errors: 6 pages, 2 tiers, 8 slots\n", "")
    assert run("check", "-q").out == b""


def test_check_publishes_nothing(shop: Path) -> None:
    run("check")
    assert sorted(path.name for path in shop.iterdir()) == ["site"]


def test_json_of_a_good_site_has_no_diagnostics(shop: Path) -> None:
    assert run("check", "--json").json["diagnostics"] == []
    assert run("check", "--format", "json").json["diagnostics"] == []


def test_findings_go_to_stdout_with_their_source_and_the_way_out(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": "<p>\n  {{ user.name|upper }}\n</p>\n"})
    done = run("check", "site")
    assert done.status == 1
    head, source, help = done.text.splitlines()
    assert head.startswith("site/pages/about.html:2: EK202 ")
    assert source == "    {{ user.name|upper }}"
    assert help.startswith("    help: ")
    assert done.err == ""


def test_one_fault_of_a_layout_is_one_finding_that_names_all_pages(shop: Path) -> None:
    write_shop(
        shop / "site",
        {
            "templates/layout.html": "{{ user.name|upper }}{% block main %}{% endblock %}",
            "pages/product/[sku].html": '{% extends "layout.html" %}',
            "pages/about.html": '{% extends "layout.html" %}',
        },
    )
    done = run("check")
    assert done.text.splitlines()[0].startswith("site/templates/layout.html:1: EK202 ")
    assert "(and in 2 other pages)" in done.text
    (found,) = run("check", "--json").json["diagnostics"]
    assert found["pages"] == ["/about", "/product/p-1", "/product/p-2"]


def test_a_warning_leaves_the_status_unless_strict(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": '<p>\n<a href="/abuot">About</a></p>\n'})
    done = run("check")
    assert done.status == 0
    assert done.text.splitlines() == [
        "site/pages/about.html:2: EK801 warning: nothing answers the link to `/abuot`; did you mean `/about`?",
        '    <a href="/abuot">About</a></p>',
        "    help: link to a page's path, to a redirect, or to `asset(…)` for a file of `static/`",
        "no errors: 6 pages, 2 tiers, 8 slots",
    ]
    strict = run("check", "--strict")
    assert (strict.status, strict.text.splitlines()) == (1, done.text.splitlines()[:-1])
    strict = run("check", "--strict", "--json")
    assert strict.status == 1
    assert [(found["code"], found["severity"]) for found in strict.json["diagnostics"]] == [("EK801", "warning")]


def test_a_good_site_is_good_when_strict(shop: Path) -> None:
    assert run("check", "--strict").status == 0


def test_a_list_without_items_is_a_warning(shop: Path) -> None:
    write_shop(shop / "site", {"data/products.json": "[]"})
    done = run("check")
    assert done.status == 0
    assert "site/edgekit.toml:6: EK802 warning: `data.products` is empty" in done.text


def test_a_missing_template_is_a_finding(shop: Path) -> None:
    write_shop(shop / "site", {"templates/layout.html": "", "pages/about.html": '\n{% extends "layuot.html" %}'})
    done = run("check")
    assert done.status == 1
    assert "site/pages/about.html:2: EK212 " in done.text
    assert "did you mean `layout.html`?" in done.text


def test_github_findings_are_workflow_commands_on_stdout(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": "<p>\n  {{ user.name|upper }}\n</p>\n"})
    done = run("check", "--format", "github")
    assert (done.status, done.err) == (1, "")
    (line,) = done.text.splitlines()
    assert line.startswith("::error file=site/pages/about.html,line=2,title=EK202%3A ")


def test_github_has_nothing_to_say_of_a_good_site(shop: Path) -> None:
    assert run("check", "--format", "github") == (0, b"", "")


def test_sarif_findings_are_one_log_on_stdout(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": "<p>\n  {{ user.name|upper }}\n</p>\n"})
    done = run("check", "--format", "sarif")
    assert (done.status, done.err) == (1, "")
    (result,) = json.loads(done.out)["runs"][0]["results"]
    assert result["ruleId"] == "EK202"


def test_sarif_of_a_good_site_is_a_log_without_results(shop: Path) -> None:
    done = run("check", "--format", "sarif")
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out)["runs"][0]["results"] == []


@pytest.mark.parametrize("form", ["github", "sarif", "json"])
def test_a_wrong_configuration_is_reported_in_the_form_that_was_asked_for(form: str, shop: Path) -> None:
    write_shop(shop / "site", {"edgekit.toml": "[sight]\n"})
    done = run("check", "--format", form)
    assert (done.status, done.err) == (2, "")
    assert "EK110" in done.text
    assert done.text.startswith("::error file=site/edgekit.toml," if form == "github" else "{")

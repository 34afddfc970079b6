import json
from pathlib import Path

import pytest

from edgekit.kv.releases import current_release
from edgekit.kv.store import open_store
from edgekit.model.keys import EDGEKIT, reads_key
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


WRONG = "<p>\n  {{ user.name|upper }}\n</p>\n"


def test_files_are_checked_with_the_pages_that_depend_on_them(built: Path) -> None:
    write_shop(built / "site", {"pages/about.html": WRONG, "pages/search.html": WRONG})
    done = run("check", "site/pages/about.html")
    assert done.status == 1
    assert done.text.splitlines()[0].startswith("site/pages/about.html:2: EK202 ")
    assert len(done.text.splitlines()) == 3
    assert run("check", "site/pages/404.html").text == "no errors: 1 of 6 pages checked\n"


def test_without_a_store_the_same_is_found(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": WRONG, "pages/search.html": WRONG})
    (found,) = run("check", "--json", "site/pages/about.html").json["diagnostics"]
    assert found["pages"] == ["/about"]
    assert run("check", "site/pages/404.html").text == "no errors: 1 of 6 pages checked\n"


def test_verbose_tells_what_was_compiled_and_why(built: Path) -> None:
    assert run("check", "-v", "site/pages/about.html").err == "site: 1 of 6 pages compiled\n"
    write_shop(built / "site", {"segments/free.toml": 'hero = "Summer"\n'})
    told = run("check", "-v", "site/pages/about.html").err
    why = "configuration, tiers, data or functions are not those of the last build"
    assert told == f"site: all pages are compiled, because {why}\nsite: 6 of 6 pages compiled\n"
    missing = run("check", "-v", "--store", "nowhere.lmdb", "site/pages/about.html").err
    assert f"because there is no store at `{built / 'nowhere.lmdb'}`" in missing


def test_islands_are_counted_beside_the_pages(shop: Path) -> None:
    write_shop(shop / "site", {"islands/mine.html": "<p>x</p>", "pages/about.html": "<div>{% island 'mine' %}</div>"})
    assert run("check", "site/islands/mine.html").text == "no errors: 2 of 7 pages, islands and items checked\n"
    assert run("check").text == "no errors: 6 pages, 2 tiers, 8 slots\n"


def test_a_store_of_an_earlier_edgekit_tells_nothing(built: Path) -> None:
    with open_store(built / "build/edge.lmdb") as store, store.write() as txn:
        release = current_release(txn)
        assert release is not None
        assert txn.delete(EDGEKIT, reads_key(release))
    told = run("check", "-v", "site/pages/about.html")
    assert (told.status, told.text) == (0, "no errors: 1 of 6 pages checked\n")
    assert "does not tell what they read" in told.err


def test_data_concern_all_pages(built: Path) -> None:
    assert run("check", "site/data/products.json").text == "no errors: 6 of 6 pages checked\n"


def test_files_of_no_site_are_ignored(built: Path) -> None:
    (built / "README.md").write_text("A shop.\n")
    assert run("check", "README.md") == (0, b"no errors: the files are of no site\n", "")
    assert run("check", "--json", "README.md").json["diagnostics"] == []
    assert run("check", "README.md", "site/pages/about.html").text == "no errors: 1 of 6 pages checked\n"


def test_files_of_several_sites_are_checked_in_each(shop: Path) -> None:
    for name in ("other", "third"):
        write_shop(shop / name, {"pages/about.html": WRONG})
    done = run("check", "--json", "site/pages/about.html", "other/pages/about.html", "third/pages/404.html")
    assert (done.status, [found["file"] for found in done.json["diagnostics"]]) == (1, ["other/pages/about.html"])
    both = run("check", "site/pages/about.html", "third/pages/404.html")
    assert both.text == "no errors: site: 1 of 6 pages checked; third: 1 of 6 pages checked\n"


def test_a_site_that_cannot_be_read_hides_no_finding_of_another(shop: Path) -> None:
    write_shop(shop / "other", {"edgekit.toml": "[sight]\n"})
    write_shop(shop / "site", {"pages/about.html": WRONG})
    done = run("check", "--json", "site/pages/about.html", "other/pages/about.html")
    assert done.status == 2
    assert {"EK110", "EK202"} <= {found["code"] for found in done.json["diagnostics"]}


def test_folders_are_sites_that_are_checked_whole(shop: Path) -> None:
    write_shop(shop / "other", {"pages/about.html": WRONG})
    assert run("check", "site", "other").status == 1
    assert run("check", "site/pages").status == 2


def test_a_file_that_is_gone_may_be_named(built: Path) -> None:
    (built / "site/pages/about.html").unlink()
    write_shop(built / "site", {"pages/about.html": None, "pages/404.html": '<a href="/about">About</a>'})
    done = run("check", "--strict", "site/pages/about.html")
    assert (done.status, "EK801" in done.text) == (1, True)


@pytest.mark.parametrize("path", ["nowhere", "site/nowhere", "nowhere.html"])
def test_what_is_neither_there_nor_a_file_of_a_site_is_named(shop: Path, path: str) -> None:
    done = run("check", path)
    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith(f"EK101 `{path}` does not exist")

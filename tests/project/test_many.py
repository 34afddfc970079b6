"""A long list of items: what is wrong in it is one finding, however many items have it."""

import json
from pathlib import Path
from typing import Any

import pytest

from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError
from edgekit.project.load import load_site
from edgekit.project.site import Site
from tests.project.folder import CONFIG, write_site
from tests.scale import scaled

MANY = scaled(1_000)
EACH = '[pages."p/[sku].html"]\neach = "data.products"\n'


def load(root: Path, items: list[dict[str, Any]], more: str = "", **files: str) -> Site:
    return load_site(
        write_site(
            root,
            {
                "edgekit.toml": CONFIG + EACH + more,
                "data/products.json": json.dumps(items),
                "pages/p/[sku].html": "",
                **files,
            },
        )
    )


def items(count: int = MANY) -> list[dict[str, Any]]:
    return [{"sku": f"p-{number}"} for number in range(count)]


def fault(root: Path, changed: list[dict[str, Any]], more: str = "", **files: str) -> Diagnostic:
    with pytest.raises(EdgekitError) as caught:
        load(root, changed, more, **files)
    (found,) = caught.value.diagnostics
    return found


@pytest.mark.parametrize("count", [0, 1, MANY])
def test_each_item_is_a_page(tmp_path: Path, count: int) -> None:
    site = load(tmp_path, items(count))
    assert {page.path for page in site.pages} == {"/", *(f"/p/p-{number}" for number in range(count))}
    assert [(found.code, found.severity, found.line) for found in site.warnings] == (
        [] if count else [("EK802", "warning", 5)]
    )


def test_items_of_one_path_are_one_finding(tmp_path: Path) -> None:
    found = fault(tmp_path, [*items(), *items()])
    assert (found.code, Path(found.file or "").name) == ("EK402", "[sku].html")
    assert "`/p/p-0`" in found.message


@pytest.mark.parametrize("sku", ["", ".", "..", "index", "a.html", "a/b", "a\nb", "x" * 600, None, 1.5, True, []])
def test_items_that_no_path_can_have_are_one_finding(tmp_path: Path, sku: object) -> None:
    found = fault(tmp_path, [*items(MANY - 3), *({"sku": sku} for _ in range(3))])
    assert found.code == ("EK401" if sku == "x" * 600 else "EK144")
    assert found.code == "EK401" or (found.line == 5 and f"item {MANY - 2} of `data.products`" in found.message)


def test_a_page_of_its_own_beside_the_items_is_one_finding(tmp_path: Path) -> None:
    assert fault(tmp_path, items(), **{"pages/p/p-7.html": ""}).code == "EK402"


def test_a_redirect_that_hides_them_is_one_finding(tmp_path: Path) -> None:
    found = fault(tmp_path, items(), '[redirects]\n"/p/[x]" = "/"\n')
    assert (found.code, found.line) == ("EK163", 7)
    assert found.message == f"the redirect of `/p/[x]` hides the page `/p/p-0` and {MANY - 1:,} other pages"


def test_as_many_redirects_are_read_and_looked_up(tmp_path: Path) -> None:
    lines = "".join(f'"/old-{number}" = "/p/p-{number}"\n' for number in range(MANY))
    site = load(tmp_path, items(), f"[redirects]\n{lines}")
    assert len(site.redirects) == MANY
    assert site.warnings == ()


def test_the_faults_of_as_many_redirects_are_all_told(tmp_path: Path) -> None:
    lines = "".join(f'"/old-{number}/" = "/"\n' for number in range(MANY))
    with pytest.raises(EdgekitError) as caught:
        load(tmp_path, items(1), f"[redirects]\n{lines}")
    assert [found.line for found in caught.value.diagnostics] == list(range(7, 7 + MANY))

"""A site's own filters, tests and globals: imported from the site's parent folder, afresh, leaving nothing behind."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.project.load import load_site
from edgekit.project.site import Functions
from tests.project.folder import CONFIG, write_site

TWICE = '[jinja.filters]\ntwice = "shop.filters:twice"\n'


def functions_of(folder: Path, tables: str, files: Mapping[str, str]) -> Functions:
    """What a site in `folder`/site has, if the files lie in `folder`."""
    write_site(folder / "site", {"edgekit.toml": CONFIG + tables})
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return load_site(folder / "site").jinja.functions


def test_functions_come_from_the_folder_that_holds_the_site(tmp_path: Path) -> None:
    functions = functions_of(
        tmp_path,
        '[jinja]\nfilters = { twice = "shop.filters:twice" }\ntests = { big = "shop.more.tests:big" }\n'
        'globals = { NAV = "nav:NAV" }\n',
        {
            "shop/__init__.py": "",
            "shop/filters.py": "from .more.tests import FACTOR\n\ndef twice(x):\n    return FACTOR * x\n",
            "shop/more/tests.py": "import json\nFACTOR = 2\n\ndef big(x):\n    return x > 9\n",
            "nav.py": 'NAV = [{"path": "/"}]\n',
        },
    )
    assert functions.filters["twice"](4) == 8
    assert functions.tests["big"](10) is True
    assert functions.globals["NAV"] == [{"path": "/"}]
    files = ["nav.py", "shop/__init__.py", "shop/filters.py", "shop/more/tests.py"]
    assert functions.sources == tuple(tmp_path / file for file in files)


def test_a_constant_is_frozen(tmp_path: Path) -> None:
    functions = functions_of(tmp_path, '[jinja]\nglobals = { NAV = "nav:NAV" }\n', {"nav.py": "NAV = [{}]\n"})
    with pytest.raises(TypeError, match="frozen"):
        functions.globals["NAV"][0]["a"] = 1


@pytest.fixture(autouse=True)
def byte_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python writes byte code, as it does for users."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def test_an_import_leaves_nothing_behind(tmp_path: Path) -> None:
    before = (list(sys.path), list(sys.meta_path), dict(sys.modules))
    functions_of(
        tmp_path, TWICE, {"shop/filters.py": "from . import rates\n\ndef twice(x): ...\n", "shop/rates.py": ""}
    )
    assert (sys.path, sys.meta_path) == before[:2]
    assert {name for name in sys.modules if name.partition(".")[0] == "shop"} == set()
    assert {name: module for name, module in sys.modules.items() if name in before[2]} == before[2]
    assert list(tmp_path.rglob("*.pyc")) == []


def test_a_second_build_sees_a_source_of_the_same_size_and_time_anew(tmp_path: Path) -> None:
    files = {"shop/filters.py": "from shop.rates import RATE\n\ndef twice(x):\n    return RATE * x\n"}
    first = functions_of(tmp_path, TWICE, {**files, "shop/rates.py": "RATE = 2\n"})
    stamp = (tmp_path / "shop/rates.py").stat()
    (tmp_path / "shop/rates.py").write_text("RATE = 3\n")
    os.utime(tmp_path / "shop/rates.py", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    second = load_site(tmp_path / "site").jinja.functions
    assert (first.filters["twice"](1), second.filters["twice"](1)) == (2, 3)


def test_two_sites_have_modules_of_one_name_each_its_own(tmp_path: Path) -> None:
    one = functions_of(tmp_path / "one", TWICE, {"shop/filters.py": "def twice(x):\n    return 1\n"})
    two = functions_of(tmp_path / "two", TWICE, {"shop/filters.py": "def twice(x):\n    return 2\n"})
    assert (one.filters["twice"](0), two.filters["twice"](0)) == (1, 2)


def test_a_loaded_module_of_the_same_name_is_put_aside_and_back(tmp_path: Path) -> None:
    import json

    tables = '[jinja.filters]\ntwice = "json:twice"\n'
    functions = functions_of(tmp_path, tables, {"json.py": "def twice(x):\n    return 'ours'\n"})
    assert functions.filters["twice"](0) == "ours"
    assert sys.modules["json"] is json


def test_without_tables_nothing_is_imported(tmp_path: Path) -> None:
    assert functions_of(tmp_path, "", {"shop/filters.py": "raise SystemExit"}) == Functions()


FAULTS = {
    "a module that is not there": ({}, 'x = "shop:x"', "EK146", "site/edgekit.toml:5", "no module `shop`"),
    "a submodule that is not there": (
        {"shop/__init__.py": ""}, 'x = "shop.filters:x"', "EK146", "site/edgekit.toml:5", "No module named",
    ),
    "an installed module": ({}, 'x = "json:dumps"', "EK146", "site/edgekit.toml:5", "there is no module `json`"),
    "an attribute that is not there": (
        {"shop.py": ""}, 'x = "shop:x"', "EK146", "site/edgekit.toml:5", "module `shop` has no `x`",
    ),
    "a misspelt module": (
        {"shop.py": ""}, 'x = "shpo:x"', "EK146", "site/edgekit.toml:5", "; did you mean `shop`?",
    ),
    "a misspelt attribute": (
        {"shop.py": "def money(x): ..."}, 'x = "shop:mony"', "EK146", "site/edgekit.toml:5",
        "module `shop` has no `mony`; did you mean `money`?",
    ),
    "no function": ({"shop.py": "x = 1"}, 'x = "shop:x"', "EK146", "site/edgekit.toml:5", "`shop:x` is a `int`"),
    "a syntax error": ({"shop.py": "\n\ndef x(:\n"}, 'x = "shop:x"', "EK146", "shop.py:3", "syntax error: invalid"),
    "a null byte": ({"shop.py": "x = '\0'"}, 'x = "shop:x"', "EK146", None, "`shop` cannot be imported"),
    "an import that fails": (
        {"shop.py": "import os\nimport nope_nope\n"}, 'x = "shop:x"', "EK146", "shop.py:2", "named 'nope_nope'",
    ),
    "an import that fails in another module": (
        {"shop.py": "import rates\n", "rates.py": "\n\n1 / 0\n"}, 'x = "shop:x"', "EK146", "rates.py:3", "ZeroDivision",
    ),
    "a syntax error in another module": (
        {"shop.py": "import rates\n", "rates.py": "\n(\n"}, 'x = "shop:x"', "EK146", "rates.py:2", "never closed",
    ),
    "an import that ends the process": (
        {"shop.py": "import sys\nsys.exit(3)\n"}, 'x = "shop:x"', "EK146", "shop.py:2", "SystemExit: 3",
    ),
    "a function that asks for the context": (
        {"shop.py": "from jinja2 import pass_context\n\n@pass_context\ndef x(c, v): ...\n"},
        'x = "shop:x"', "EK146", "site/edgekit.toml:5", "asks for the template's context",
    ),
    "a target without an attribute": ({}, 'x = "shop.x"', "EK113", "site/edgekit.toml:5", "`shop.x` names no"),
    "a target that is a path": ({}, 'x = "../shop:x"', "EK113", "site/edgekit.toml:5", "names no attribute"),
    "the name of an encoding": (
        {"shop.py": "def x(): ..."}, 'urlencode = "shop:x"', "EK147", "site/edgekit.toml:5", "`urlencode` is taken",
    ),
    "a name that is no name": (
        {"shop.py": "def x(): ..."}, '"a-b" = "shop:x"', "EK147", "site/edgekit.toml:5", "`a-b` is no name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_told_with_its_own_place(fault: str, tmp_path: Path) -> None:
    files, entry, code, place, message = FAULTS[fault]
    with pytest.raises(EdgekitError) as raised:
        functions_of(tmp_path, f"[jinja.filters]\n{entry}\n", files)
    (found,) = raised.value.diagnostics
    assert (found.code, raised.value.status) == (code, 2)
    assert message in found.message
    if place is not None:
        assert f"{Path(found.file or '').relative_to(tmp_path).as_posix()}:{found.line}" == place


@pytest.mark.parametrize(
    "name", ["data", "site", "asset", "user", "segment", "request", "page", "tier", "build_time", "loop"]
)
def test_a_global_with_a_name_of_edgekits_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(EdgekitError, match=f"EK147 `{name}` is taken"):
        functions_of(tmp_path, f'[jinja.globals]\n{name} = "shop:x"\n', {"shop.py": "x = 1"})


@pytest.mark.parametrize(
    ("value", "kind"), [("{1}", "set"), ("[object()]", "object"), ("__import__('json')", "module")]
)
def test_a_global_that_is_no_plain_data_is_refused(value: str, kind: str, tmp_path: Path) -> None:
    with pytest.raises(EdgekitError, match=f"EK146 .*`{kind}`"):
        functions_of(tmp_path, '[jinja.globals]\nx = "shop:x"\n', {"shop.py": f"x = {value}"})


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(EdgekitError) as raised:
        functions_of(tmp_path, '[jinja]\nextensions = ["debug"]\nfilters = { e = "a:b", x = "a" }\n', {})
    assert sorted(found.code for found in raised.value.diagnostics) == ["EK111", "EK113", "EK147"]

"""Imports point one way, and what is heavy or foreign is imported in one place (edgekit/ARCHITECTURE.md)."""

import ast
import re
import subprocess
import sys
import tomllib
from typing import Final

import pytest

from tests.source import ROOT, imports, trees

MAY_IMPORT: Final = {
    "model": set(),
    "diagnostics": {"model"},
    "fragment": {"model", "diagnostics"},
    "project": {"model", "diagnostics", "fragment"},
    "compiler": {"model", "diagnostics", "fragment", "project"},
    "kv": {"model", "diagnostics", "fragment", "project"},
    "replay": {"model", "diagnostics", "fragment", "project", "kv"},
    "diff": {"model", "diagnostics", "fragment"},
    "live": {"model", "diagnostics", "fragment", "project", "kv", "replay"},
    "watch": {"model", "diagnostics", "fragment", "project", "kv", "replay"},
    "cli": {"model", "diagnostics", "fragment", "project", "kv", "compiler", "replay", "diff", "live", "watch"},
    "__main__.py": {"cli"},
    "__init__.py": set(),
}
"""What each room may import beside itself."""

HOME: Final[dict[str, str | tuple[str, ...]]] = {
    "click": "cli/",
    "granian": "replay/server.py",
    "httpx": ("live/", "replay/origin/"),
    "jinja2": "compiler/",
    "jwt": ("project/jwks.py", "replay/identity/"),
    "lmdb": "kv/",
    "prometheus_client": "replay/exposition.py",
    "rich": "cli/output.py",
    "selectolax": "compiler/",
    "standardwebhooks": "replay/webhook.py",
    "tree_sitter": "compiler/scripts.py",
    "tree_sitter_javascript": "compiler/scripts.py",
    "watchfiles": "watch/rounds.py",
}
"""The only places that import a package."""

IMPORTED_AS: Final = {"pyjwt": "jwt"}
"""Packages by their names in an index, and as they are imported."""


def room_of(name: str) -> str:
    return name.partition("/")[0]


def test_every_room_is_in_the_table() -> None:
    assert set(MAY_IMPORT) == {room_of(name) for name in trees()}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    wrong = [
        (name, module)
        for name in trees()
        if room_of(name) == room
        for module in imports(name)
        if module.startswith("edgekit.")
        and module != "edgekit.__version__"
        and module.split(".")[1] not in MAY_IMPORT[room] | {room}
    ]
    assert wrong == []


@pytest.mark.parametrize("package", HOME)
def test_a_package_is_imported_in_its_home_only(package: str) -> None:
    wrong = [
        name
        for name in trees()
        if not name.startswith(HOME[package]) and any(module.split(".")[0] == package for module in imports(name))
    ]
    assert wrong == []


def test_the_model_uses_the_standard_library_and_msgspec_only() -> None:
    used = {module.split(".")[0] for name in trees() if room_of(name) == "model" for module in imports(name)}
    assert used - sys.stdlib_module_names <= {"edgekit", "msgspec"}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {re.split(r"[<>=!~;\[ ]", requirement)[0].replace("-", "_") for requirement in project["dependencies"]}
    imported = {module.split(".")[0] for name in trees() for module in imports(name)}
    declared = {IMPORTED_AS.get(package, package) for package in declared}
    assert imported - sys.stdlib_module_names - {"edgekit"} == declared - {"sniffio"}  # httpcore's, where it is there


def test_only_cli_prints_or_exits() -> None:
    shows = {"print", "exit", "quit", "breakpoint", "sys.stdout", "sys.stderr", "sys.exit", "os._exit"}
    found = {
        (name, ast.unparse(node))
        for name, tree in trees().items()
        if room_of(name) != "cli" and name != "project/functions.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in shows
    }
    assert found <= {
        ("compiler/workers.py", "os._exit"),  # a worker whose parent was killed has nobody to tell
        ("watch/latest.py", "os._exit"),  # the same: its builder has ended
        ("watch/server.py", "os._exit"),  # the server's process, whose parent says what happened
        ("replay/observing.py", "sys.stderr"),  # critical tail events of a worker, a process of its own
    }


def test_only_cli_and_the_import_of_a_sites_own_functions_import_by_name() -> None:
    wrong = [
        (name, node.lineno)
        for name, tree in trees().items()
        if room_of(name) != "cli" and name != "project/functions.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"import_module", "__import__"}
    ]
    assert wrong == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys, runpy\n"
        "try: runpy.run_module('edgekit', run_name='__main__', alter_sys=True)\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(ast.literal_eval(done.stderr.splitlines()[-1]))
    heavy = {"jinja2", "markupsafe", "lmdb", "rich", "granian", "httpx", "selectolax", "tree_sitter", "asyncio", "jwt"}
    assert loaded & heavy == set()

"""Templates of published packages, with frozen values: a page of ours has the bytes that plain Jinja renders.

Each template is first asked what it needs (asking.py); a page that sets those names and includes it is compiled, and
rendered by Jinja in its own sandbox without a line of ours.
"""

from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from edgekit.compiler.build import compile_site
from edgekit.model.fragment import Fragment
from edgekit.project.load import load_site
from tests.compiler.asking import ask

THEMES: Final[list[tuple[tuple[str, ...], int]]] = [
    (("starlette_admin/templates",), 45),
    (("pdoc/templates/default", "pdoc/templates"), 1),
    (("pdoc/templates",), 4),
    (("furo/theme/furo", "sphinx_basic_ng/theme", "sphinx/themes"), 12),
    (("alabaster", "sphinx/themes"), 4),
    (("sphinx/themes",), 6),
]
"""The template folders of a theme, the first over the others, and how many of its templates Jinja must render at least.

Not all can be: some use filters, tags or objects of their applications.
"""

CONFIG: Final = """\
[site]
base_url = "https://shop.example"
default_tier = "free"
[jinja]
paths = {paths}
"""


@pytest.mark.parametrize(("folders", "least"), THEMES, ids=lambda value: value[0] if isinstance(value, tuple) else "")
def test_real_templates_compile_to_the_bytes_of_plain_jinja(
    folders: tuple[str, ...], least: int, tmp_path: Path
) -> None:
    roots = [_installed(folder) for folder in folders]
    for name in ("pages", "segments"):
        (tmp_path / name).mkdir()
    (tmp_path / "segments" / "free.toml").touch()
    (tmp_path / "pages" / "index.html").touch()
    (tmp_path / "edgekit.toml").write_text(CONFIG.format(paths=[str(root) for root in roots]), encoding="utf-8")
    site = load_site(tmp_path)
    outcomes: Counter[str] = Counter()
    for name in _templates(roots[0]):
        loader = FileSystemLoader([tmp_path, *roots])
        plain = ImmutableSandboxedEnvironment(loader=loader, autoescape=True, undefined=StrictUndefined)
        try:
            settings = "".join(f"{{% set {asked} = {value} %}}" for asked, value in ask(loader, name).items())
            (tmp_path / "pages" / "index.html").write_text(f"{settings}{{% include {name!r} %}}", encoding="utf-8")
            expected = plain.get_template("pages/index.html").render().encode()
        except Exception:  # not for us: plain Jinja cannot render it either, or not with what can be written in a page
            outcomes["skipped"] += 1
            continue
        fragments: dict[str, Fragment] = {}

        def keep(fragment: Fragment, fragments: dict[str, Fragment] = fragments) -> None:
            fragments[fragment.key] = fragment

        result = compile_site(site, keep, jobs=1)
        if result.pack is None:
            outcomes["refused"] += 1
            print(f"{name}: {result.diagnostics}")
            for diagnostic in result.diagnostics:
                assert diagnostic.file
                assert diagnostic.line
                assert diagnostic.help
            continue
        outcomes["equal"] += 1
        assert expected == fragments["/"].body, name
    rendered = outcomes["equal"] + outcomes["refused"]
    assert rendered >= least, outcomes
    assert outcomes["equal"] >= 0.95 * rendered, outcomes


def _installed(folder: str) -> Path:
    package, _, below = folder.partition("/")
    spec = find_spec(package)
    assert spec is not None, f"{package} is not installed: see the group dev in pyproject.toml"
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0], below)


def _templates(root: Path) -> Sequence[str]:
    files = [file for pattern in ("*.html", "*.html.jinja2", "*.xml") for file in root.rglob(pattern)]
    return sorted(file.relative_to(root).as_posix() for file in files if "static" not in file.parts)

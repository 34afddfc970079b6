"""Jinja's own tests: each template that they render is a page of ours, with the bytes that plain Jinja renders.

Jinja's source distribution lies in `.venv/jinja`, where `make test` puts it. Its tests run with a plug-in
(recording.py) that notes what they render. Templates with the same options that can load the same others are pages of
one site.
"""

import json
import os
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec
import pytest
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from edgekit.compiler.page import PageCompiler
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.project.site import Site
from tests.compiler.recording import Recorded
from tests.compiler.sites import write_site
from tests.source import ROOT

LEAST: Final = 560
"""How many of the templates plain Jinja must render. Not all can be: Jinja's tests try errors and undefined names."""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """The folder of the tests of the Jinja that is installed."""
    name = f"jinja2-{version('jinja2')}"
    distribution = Path(sys.prefix, "jinja", f"{name}.tar.gz")
    if not distribution.exists():
        pytest.skip(f"{distribution} is missing: `make test` fetches it")
    with tarfile.open(distribution) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / name / "tests"


def test_what_jinjas_own_tests_render_compiles_to_the_bytes_of_plain_jinja(suite: Path, tmp_path: Path) -> None:
    sites: defaultdict[bytes, list[Recorded]] = defaultdict(list)
    for recorded in record(suite, tmp_path / "recording"):
        sites[msgspec.json.encode((recorded.options, recorded.sources))].append(recorded)
    rendered = 0
    different: list[tuple[str, bytes, bytes]] = []
    refused: list[tuple[str, Diagnostic]] = []
    for number, pages in enumerate(sites.values()):
        site = write_pages(tmp_path / str(number), pages)
        plain, ours = plain_environment(site), PageCompiler(site)
        for page in site.pages:
            try:
                expected = plain.get_template(page.template).render().encode()
            except Exception:  # not for us: plain Jinja cannot render it either
                continue
            rendered += 1
            compiled = ours.compile(page)
            source = pages[int(page.path[1:])].source
            if compiled.diagnostics:
                refused.append((source, compiled.diagnostics[0]))
            elif expected != compiled.fragments[0].body:
                different.append((source, expected, compiled.fragments[0].body))
    assert different == []
    assert [(source, found) for source, found in refused if not (found.file and found.line and found.help)] == []
    assert rendered >= LEAST
    assert len(refused) <= 0.05 * rendered, refused


def record(suite: Path, recording: Path) -> list[Recorded]:
    """Run Jinja's tests and read what they rendered, each template once."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    command += ["-p", "tests.compiler.recording", "--recording", str(recording)]
    # No site is asynchronous, and the tests of that need more packages.
    command += [f"--ignore-glob={suite}/*async*", "--rootdir", str(suite), str(suite)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return [msgspec.json.decode(line, type=Recorded) for line in dict.fromkeys(recording.read_bytes().splitlines())]


def write_pages(folder: Path, pages: Sequence[Recorded]) -> Site:
    """A site of which page `/7` sets the variables of `pages[7]` and includes it."""
    options = msgspec.structs.asdict(pages[0].options)
    config = '[site]\nbase_url = "https://shop.example"\ndefault_tier = "free"\n[jinja]\n'
    config += "".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items())
    files = {f"templates/{name}": source for name, source in pages[0].sources.items()}
    for number, recorded in enumerate(pages):
        settings = "".join(f"{{% set {name} = {value} %}}" for name, value in recorded.variables.items())
        files[f"templates/recorded/{number}"] = recorded.source
        files[f"pages/{number}.html"] = f'{settings}{{% include "recorded/{number}" %}}'
    return write_site(folder, files | {"edgekit.toml": config})


def plain_environment(site: Site) -> ImmutableSandboxedEnvironment:
    """Jinja in its own sandbox, without a line of ours."""
    options = site.jinja
    plain = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([site.root / "templates", site.root]),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=[f"jinja2.ext.{name}" for name in options.extensions],
        trim_blocks=options.trim_blocks,
        lstrip_blocks=options.lstrip_blocks,
        keep_trailing_newline=options.keep_trailing_newline,
    )
    if "i18n" in options.extensions:
        plain.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return plain

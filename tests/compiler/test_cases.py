"""Every case of tests/cases/compile: a template and, beside it, its fragments or its diagnostics.

A case is a file `NAME.html`: the template `pages/index.html`, then other files of the site, each behind a line
`=== path`; `=== edgekit.toml +` adds to the common configuration, and `../` is the folder that holds the site's.
`NAME.txt` is what is expected. `EDGEKIT_REWRITE_CASES=1` rewrites them: read the difference before a commit.
For each case that compiles, replay must equal the oracle for several values.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgekit.compiler.oracle import Oracle
from edgekit.diagnostics.text import relative_file
from edgekit.model.island import island_path
from tests.compiler.sites import CONFIG, Compiled, compile_files, count_variants, values_of

CASES = Path(__file__).parents[1] / "cases" / "compile"
REWRITE = bool(os.environ.get("EDGEKIT_REWRITE_CASES"))
VALUES = ["", "Ada", 'O\'Brien & <b>"x"</b>', "{USER_NAME}{_}{/X}", "</script><!--", "ÜŁ مرحبا 🎉", "a\0b", "\n  \r\n"]


def read_case(file: Path) -> dict[str, str]:
    name = "pages/index.html"
    files = {name: ""}
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("=== "):
            name = line[4:].strip()
            files[name] = ""
        else:
            files[name] += line
    # The last line's end belongs to the file that holds the case, not to the template.
    files = {name: text.removesuffix("\n") for name, text in files.items()}
    if more := files.pop("edgekit.toml +", ""):
        files["edgekit.toml"] = f"{CONFIG}\n{more}"
    return files


def describe(compiled: Compiled, folder: Path) -> str:
    if compiled.result.pack is None:
        return "".join(
            f"{relative_file(d.file or '', str(folder))}:{d.line}: {d.code} {d.message}\nhelp: {d.help}\n"
            for d in compiled.result.diagnostics
        )
    return "".join(_describe_pages(compiled))


def _describe_pages(compiled: Compiled) -> Iterator[str]:
    assert compiled.result.pack is not None
    manifest = compiled.result.pack.manifest
    for path, route in manifest.routes.items():
        yield f"{path} {route.delivery}\n"
        yield from _describe_fragments(compiled, path)
    for island in compiled.site.islands.values():
        if answer := manifest.islands.get(island.name):
            yield f"{island_path(island.name)} {answer.delivery}{' client' if answer.client else ''}\n"
            yield from _describe_fragments(compiled, island_path(island.name))
        for key in island.items:
            yield from _describe_fragments(compiled, island_path(island.name, key))


def _describe_fragments(compiled: Compiled, path: str) -> Iterator[str]:
    seen: dict[bytes, str] = {}
    for key, fragment in compiled.fragments.items():
        if key == path or key.rpartition(":")[0] == path:
            if fragment.body in seen:
                yield f"--- {key}: as {seen[fragment.body]}\n"
            else:
                seen[fragment.body] = key
                yield f"--- {key}\n{fragment.body.decode()}\n"


@pytest.mark.parametrize("file", sorted(CASES.rglob("*.html")), ids=lambda file: str(file.relative_to(CASES))[:-5])
def test_case_gives_its_fragments_or_diagnostics(file: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"  # its parent folder is its own too: a site's functions lie there
    compiled = compile_files(site, read_case(file))
    expected = file.with_suffix(".txt")
    found = describe(compiled, site)
    if REWRITE:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")
    if compiled.result.pack is not None:
        oracle = Oracle(compiled.site)
        for page in compiled.site.all_pages():
            for tier in compiled.site.tiers:
                for number in range(max(len(VALUES), count_variants(compiled.site))):
                    values = values_of(compiled.site, VALUES[number % len(VALUES)], number)
                    assert compiled.replay(page, tier, values) == oracle.render(page, tier, values)


def test_no_expectation_is_an_orphan() -> None:
    templates = {file.with_suffix("") for file in CASES.rglob("*.html")}
    assert {file.with_suffix("") for file in CASES.rglob("*.txt")} == templates

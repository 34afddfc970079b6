"""Translation validation finds a fragment that is not what Jinja would render, whatever went wrong on the way."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from edgekit.compiler import build, proof, validate
from edgekit.compiler.build import compile_site
from edgekit.compiler.page import CompiledPage, PageCompiler
from edgekit.fragment.fill import Plan, fill
from edgekit.model.fragment import Cut, Fragment
from edgekit.project.site import Page
from tests.compiler.sites import compile_files, findings_of, write_site


def break_fragments(monkeypatch: pytest.MonkeyPatch, wrong: Fragment) -> None:
    """Let the compiler hand on another body and cuts than it should."""
    compile = PageCompiler.compile

    def compile_wrongly(self: PageCompiler, page: Page) -> CompiledPage:
        compiled = compile(self, page)
        broken = tuple(
            msgspec.structs.replace(fragment, body=wrong.body, cuts=wrong.cuts) for fragment in compiled.fragments
        )
        return msgspec.structs.replace(compiled, fragments=broken)

    monkeypatch.setattr(PageCompiler, "compile", compile_wrongly)


@pytest.mark.parametrize(
    ("template", "wrong"),
    [
        ("<p>static</p>", Fragment("STATIC_PAGES", "/", b"<p>statik</p>")),
        ("<p>{{ user.name }}</p>", Fragment("PAGE_TPL", "", b"<p>{CITY}</p>", (Cut(3, 9, "CITY", ""),))),
        ("<p>{{ user.name }}</p>", Fragment("PAGE_TPL", "", b"<p>{USER_NAME}</p>")),
        (
            "<p>{{ user.name|e }}</p>",
            Fragment("PAGE_TPL", "", b"<p>{USER_NAME:url}</p>", (Cut(3, 18, "USER_NAME", "url"),)),
        ),
        ("<p>{{ user.name }}</p>", Fragment("PAGE_TPL", "", b"<p>{USER_NAME}</p>", (Cut(4, 15, "USER_NAME", ""),))),
        ("<p>{{ user.name }}!</p>", Fragment("PAGE_TPL", "", b"<p>{USER_NAME}</p>", (Cut(3, 14, "USER_NAME", ""),))),
    ],
    ids=["static-text", "another-slot", "slot-as-text", "another-encoding", "misplaced-cut", "text-lost"],
)
def test_wrong_fragment_is_found_in_every_build(
    template: str, wrong: Fragment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_fragments(monkeypatch, wrong)
    compiled = compile_files(tmp_path, {"pages/index.html": template})
    assert set(compiled.codes) == {"EK290"}
    assert compiled.result.pack is None


def test_a_file_that_is_saved_between_the_two_renders_is_named_as_a_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_fragments(monkeypatch, Fragment("STATIC_PAGES", "/", b"<p>as it was</p>"))
    compiled = compile_files(tmp_path, {"pages/index.html": "<p>as it is</p>"})
    assert {diagnostic.help.partition(",")[0] for diagnostic in compiled.result.diagnostics} == {
        "files changed meanwhile (build again)"
    }


def test_wrong_variant_is_found_by_a_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"<p>{?STATE=guest}a{?STATE=member}b{?STATE=a%20b%2F%C3%BC}X{/STATE}</p>"
    cuts = (Cut(3, 17, "STATE", "?"), Cut(18, 33, "STATE", "?"), Cut(34, 57, "STATE", "?"), Cut(58, 66, "STATE", "/"))
    break_fragments(monkeypatch, Fragment("PAGE_TPL", "", body, cuts))
    template = '<p>{{ {"guest": "a", "member": "b"}.get(user.state, "c") }}</p>'
    site = write_site(tmp_path, {"pages/index.html": template})
    result = compile_site(site, lambda fragment: None, prove=True)
    assert {diagnostic.code for diagnostic in result.diagnostics} == {"EK290"}


def test_build_checks_a_sample_and_a_proof_checks_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "SAMPLE", 2)
    checked: list[str] = []

    def note(self: object, page: Page, tier: str, fragment: Fragment, *, all_variants: bool = False) -> list[object]:
        checked.append(fragment.key)
        return []

    monkeypatch.setattr(build.Validator, "check", note)
    files = {f"pages/{name}.html": f"<p>{name} {{{{ tier }}}}</p>" for name in "abcdef"}
    site = write_site(tmp_path, files)
    compile_site(site, lambda fragment: None)
    assert len(checked) == 2
    checked.clear()
    compile_site(site, lambda fragment: None, prove=True)
    assert len(checked) == 12


def test_site_that_compiles_passes_its_proof(tmp_path: Path) -> None:
    files = {
        "pages/index.html": (
            "<p title='{{ user.name }}'>{% if user.known %}{{ user.name ~ 1 }}{% else %}{{ segment.hero }}{% endif %}"
            "{{ user.points }}{{ [user.city, '{USER_NAME}']|join('&') }} {{ tier }} {{ user.state }}</p>"
        )
    }
    site = write_site(tmp_path, files)
    assert findings_of(compile_site(site, lambda fragment: None, prove=True)) == []


def test_constants_of_layouts_and_includes_are_witnesses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled: set[str] = set()

    def note(plan: Plan, values: Sequence[str], inserts: Sequence[bytes]) -> bytes:
        filled.update(values)
        return fill(plan, values, inserts)

    monkeypatch.setattr(validate, "fill", note)
    files = {
        "templates/layout.html": "{% set word = 'of the layout' %}{% block main %}{% endblock %}"
        "{% include 'part.html' %}",
        "templates/part.html": "{{ 'of the part' }}",
        "pages/index.html": "{% extends 'layout.html' %}{% block main %}<p>{{ user.name }}</p>{% endblock %}",
    }
    assert findings_of(compile_site(write_site(tmp_path, files), lambda fragment: None, prove=True)) == []
    assert {"of the layout", "of the part"} <= filled

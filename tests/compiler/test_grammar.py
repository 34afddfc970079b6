"""The law for templates of a grammar that reaches every kind of Jinja's syntax nodes."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import pytest
from jinja2 import Environment, TemplateSyntaxError, nodes

from edgekit.compiler.build import CompileResult, compile_site
from edgekit.compiler.oracle import Oracle
from edgekit.diagnostics.catalogue import list_codes
from edgekit.model.fragment import Fragment
from edgekit.project.site import Site
from tests.compiler.grammar import Sentence, shrink, write_files
from tests.compiler.sites import CONFIG, Compiled, count_variants, values_of, write_site
from tests.scale import SCALE, scaled

TEMPLATES: Final = 2_000 if SCALE == 1 else scaled(10_000)
PART: Final = 250

TREE: Final = '[{"name": "a<", "children": [{"name": "b", "children": []}]}, {"name": "{_}", "children": []}]'

EXTENSIONS: Final = '\n[jinja]\nextensions = ["do", "loopcontrols", "i18n"]\n'

TEXTS: Final = [
    "", "Ada", "O'Brien & <b>\"x\"</b>", "{USER_NAME}{_}{/X}", "{", "}{{ x }}{% y", "</script><!--", "ÜŁ مرحبا 🎉",
    "a\0b", "\n  \r\n", "&amp;", "é" * 200, "%s%(a)s{}{0}", "0", "None", "'", "\\", "\u2028", "tier", "vip", " ",
]  # fmt: skip
NUMBERS: Final = [0, 1, -1, 7, 2**53 - 1, 1 - 2**53]


def texts_of(files: Mapping[str, Sentence]) -> dict[str, str]:
    return {name: str(sentence) for name, sentence in files.items()}


class Verdict(NamedTuple):
    accepted: bool
    problem: str
    """What is wrong with the answer, in a line; empty if nothing is."""


class Checker:
    """Compiles one template after the other in the same site folder, and checks the answers."""

    def __init__(self, folder: Path) -> None:
        self.site = write_site(
            folder, {"edgekit.toml": CONFIG + EXTENSIONS, "pages/index.html": "", "data/tree.json": TREE}
        )
        (folder / "templates").mkdir()

    def check(self, files: dict[str, str]) -> Verdict:
        for name, text in files.items():
            (self.site.root / name).write_text(text, encoding="utf-8", newline="")
        fragments: dict[str, Fragment] = {}

        def keep(fragment: Fragment) -> None:
            fragments[fragment.key] = fragment

        try:
            result = compile_site(self.site, keep, jobs=1)
        except Exception as error:
            return Verdict(False, f"{type(error).__name__} leaves the compiler: {error}")
        if result.pack is None:
            return Verdict(False, "".join(_refusal_problems(result, self.site, files)))
        return Verdict(True, "".join(_replay_problems(Compiled(self.site, result, fragments), files)))

    def explain(self, files: Mapping[str, Sentence], problem: str) -> str:
        """The smallest files found that have the same kind of problem, and what it is."""
        kind = problem[:20]
        small = texts_of(shrink(files, lambda less: self.check(less).problem.startswith(kind)))
        return f"{self.check(small).problem}\n{small}"


def _replay_problems(compiled: Compiled, files: dict[str, str]) -> Iterator[str]:
    oracle = Oracle(compiled.site)
    (page,) = compiled.site.pages
    for values in values_for(files, compiled.site):
        for tier in compiled.site.tiers:
            try:
                expected = oracle.render(page, tier, values)
            except Exception as error:
                yield f"accepted, but Jinja raises {type(error).__name__}: {error}"
                return
            if compiled.replay(page, tier, values) != expected:
                yield f"replay differs for {tier} and {values}"
                return


def values_for(files: dict[str, str], site: Site) -> Iterator[dict[str, str | int]]:
    """Four sets of the slots' values by source: none, all alike, and twice what is hostile or the template's own.

    Each set comes with another combination of choices.
    """
    source = "".join(files.values())
    random = Random(source)
    texts = TEXTS + [text for _, text in re.findall(r"""(["'])(.*?)\1""", source)]
    numbers = NUMBERS + [int(digits) for digits in re.findall(r"\b\d+\b", source)]
    plain = [slot for slot in site.slots.values() if not slot.choices]
    strings = [slot.source for slot in plain if slot.type == "string"]
    integers = [slot.source for slot in plain if slot.type == "integer"]
    chosen = [values_of(site, "", number) for number in random.sample(range(count_variants(site)), 4)]
    yield chosen[0] | dict.fromkeys(strings, "") | dict.fromkeys(integers, 0)
    yield chosen[1] | dict.fromkeys(strings, random.choice(texts)) | dict.fromkeys(integers, random.choice(numbers))
    for choices in chosen[2:]:
        hostile = {name: random.choice(texts) for name in strings}
        yield choices | hostile | {name: random.choice(numbers) for name in integers}


def _refusal_problems(result: CompileResult, site: Site, files: dict[str, str]) -> Iterator[str]:
    if not result.diagnostics:
        yield "refused without a diagnostic"
    for diagnostic in result.diagnostics:
        name = Path(diagnostic.file or "").relative_to(site.root).as_posix() if diagnostic.file else ""
        lines = files.get(name, "").count("\n") + 1
        if name not in files or not diagnostic.line or diagnostic.line > lines:
            yield f"{diagnostic.code} stands at {name}:{diagnostic.line}, of {lines} lines; "
        if not diagnostic.help or diagnostic.code not in list_codes():
            yield f"{diagnostic.code} has no help or no entry; "


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    return Checker(tmp_path_factory.mktemp("grammar"))


@pytest.mark.parametrize("part", range(TEMPLATES // PART))
def test_templates_of_the_grammar_replay_as_jinja_renders_them_or_are_refused_with_their_place(
    part: int, checker: Checker
) -> None:
    accepted = 0
    for seed in range(part * PART, (part + 1) * PART):
        written = write_files(seed)
        verdict = checker.check(texts_of(written))
        accepted += verdict.accepted
        if verdict.problem:
            pytest.fail(f"seed {seed}: {checker.explain(written, verdict.problem)}")
    assert accepted >= 0.4 * PART


NOT_FROM_SOURCE: Final = {
    nodes.MarkSafe: "made by extensions only",
    nodes.MarkSafeIfAutoescape: "of `i18n` with oldstyle gettext only",
    nodes.ContextReference: "made by extensions only",
    nodes.DerivedContextReference: "made by extensions only",
    nodes.EnvironmentAttribute: "made by extensions only",
    nodes.ExtensionAttribute: "made by extensions only",
    nodes.ImportedName: "made by extensions only",
    nodes.InternalName: "made by extensions only",
    nodes.OverlayScope: "made by extensions only",
    nodes.EvalContextModifier: "made by extensions only; `autoescape` makes the scoped one",
}


def test_the_grammar_reaches_every_node_that_comes_from_source() -> None:
    missing = {kind for kind in _concrete(nodes.Node) if kind not in NOT_FROM_SOURCE}
    operators = {"eq", "ne", "lt", "lteq", "gt", "gteq", "in", "notin"}
    environment = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.i18n"])
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    seeds = iter(range(TEMPLATES))
    while (missing or operators) and (seed := next(seeds, None)) is not None:
        for source in texts_of(write_files(seed)).values():
            try:
                template = environment.parse(source)
            except TemplateSyntaxError:
                continue
            for node in (template, *template.find_all(nodes.Node)):
                assert type(node) not in NOT_FROM_SOURCE
                missing.discard(type(node))
                if isinstance(node, nodes.Operand):
                    operators.discard(node.op)
    assert (set(), set()) == (missing, operators)


def _concrete(kind: type[nodes.Node]) -> Iterator[type[nodes.Node]]:
    if not kind.abstract and kind is not nodes.Node:
        yield kind
    for below in kind.__subclasses__():
        yield from _concrete(below)

"""What the documents say compiles does, and what they say is refused is refused with that code."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from edgekit.compiler.build import compile_site
from edgekit.compiler.island import SCRIPT
from edgekit.model.fragment import Fragment
from edgekit.project.load import load_site
from tests.source import ROOT

CONFIG = """
[site]
base_url = "https://shop.example"
default_tier = "free"
[slots.USER_NAME]
from = "user.name"
default = "there"
max_length = 40
[slots.USER_REGION]
from = "user.region"
default = "EU"
max_length = 10
[slots.USER_POINTS]
from = "user.points"
type = "integer"
default = 0
[slots.IS_KNOWN]
from = "user.known"
[slots.STATE]
from = "user.state"
choices = ["guest", "member"]
default = "guest"
[slots.LANGUAGE]
from = "user.language"
choices = ["en", "de"]
default = "en"
[islands.card]
each = "data.products"
key = "name"
[slots.USER_RECS]
from = "user.recs"
island = "card"
max_items = 4
default = "none"
"""

CELL = re.compile(r"(?<!\\)\|")
SNIPPET = re.compile(r"`([^`]*\{[{%][^`]*)`")


def rows(document: str, heading: str) -> Iterator[tuple[str, str]]:
    """Each template in the table under a heading: its source, and the code that its row names (else "")."""
    text = (ROOT / document).read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    for line in text.splitlines():
        cells = [cell.replace("\\|", "|") for cell in CELL.split(line)]
        if len(cells) > 2:
            column = max(cells[1:3], key=lambda cell: len(SNIPPET.findall(cell)))
            code = re.search(r"EK\d{3}", line)
            for template in SNIPPET.findall(column):
                yield template, code.group() if code else ""


EXAMPLES = [
    *rows("README.md", "What compiles and what does not"),
    *rows("docs/templates.md", "What may be done with a slot"),
    *rows("docs/templates.md", "Choice slots"),
    *rows("docs/templates.md", "Islands"),
    *rows("docs/templates.md", "List slots"),
    *rows("docs/templates.md", "What is refused, and the way out"),
    *rows("docs/templates.md", "Where a slot may stand"),
]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 30


@pytest.mark.parametrize(("template", "code"), EXAMPLES)
def test_an_example_compiles_as_the_document_says(template: str, code: str, tmp_path: Path) -> None:
    assert [code] * bool(code) == compile_template(template, tmp_path)[0]


def test_the_fragment_of_a_choice_is_as_the_document_says(tmp_path: Path) -> None:
    text = (ROOT / "docs/templates.md").read_text("utf-8")
    (said,) = re.findall(r"The fragment of the first example is `([^`]+)`", text)
    template, _ = next(rows("docs/templates.md", "Choice slots"))
    assert ([], [said]) == compile_template(template, tmp_path)


def test_the_policy_of_the_document_allows_the_script_of_islands() -> None:
    script = SCRIPT.removeprefix("<script>").removesuffix("</script>")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert re.findall(r"'sha256-([^']+)'", (ROOT / "docs/templates.md").read_text("utf-8")) == [digest]


def compile_template(template: str, folder: Path) -> tuple[list[str], list[str]]:
    """The codes of the errors in a page, and its fragments' texts. Examples link to pages that are not there."""
    files = {
        "edgekit.toml": CONFIG,
        "segments/free.toml": "",
        "data/names.json": '["Ada"]',
        "data/products.json": '[{"name": "Tea"}]',
        "islands/card.html": "",
        "islands/none.html": "",
        "islands/offers.html": "",
        "pages/index.html": f"<body>{template}" if "island" in template or "recs" in template else template,
    }
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, "utf-8")
    bodies: list[str] = []

    def keep(fragment: Fragment) -> None:
        if not fragment.key.startswith("island/"):
            bodies.append(fragment.body.decode())

    result = compile_site(load_site(folder), keep, jobs=1)
    return [found.code for found in result.diagnostics if found.severity == "error"], bodies

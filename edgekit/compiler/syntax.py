"""What Jinja's parser says of a template that it cannot read, in fewer words; and since which line a tag is open."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from jinja2 import Environment, TemplateAssertionError, TemplateSyntaxError

from edgekit.compiler.excerpt import Tag
from edgekit.diagnostics.suggest import did_you_mean

_DOCUMENTATION: Final = "Jinja's documentation of its syntax is at https://jinja.palletsprojects.com/templates/"
_UNKNOWN: Final = re.compile(r"Encountered unknown tag '(.*?)'")
_END: Final = "Unexpected end of template"
_OPEN: Final = re.compile(r"The innermost block that needs to be closed is '(\w+)'")
_EXPECTED: Final = re.compile(
    r"(?:following tags|Jinja is expecting this tag, but currently looking for):? (.*?)\. The "
)
_TAGS: Final = (
    "autoescape", "block", "call", "extends", "filter", "for", "from", "if", "import", "include", "macro", "print",
    "set", "with",
)  # fmt: skip
"""Jinja's own; extensions say theirs."""

_ELSEWHERE: Final = {"elseif": "elif", "elsif": "elif", "foreach": "for", "unless": "if not"}
"""Tags of other template languages."""

_EXTENSIONS: Final = {"do": "do", "break": "loopcontrols", "continue": "loopcontrols", "trans": "i18n"}
"""Tags that a site may switch on."""

_MISSING: Final = re.compile(r"No (filter|test) named '(.*)'")


class Said(NamedTuple):
    """A message and the way out."""

    message: str
    help: str


def describe_syntax(error: TemplateSyntaxError, tags: Sequence[Tag], environment: Environment) -> Said:
    """What is wrong with the syntax of the template that has these tags."""
    said = error.message or ""
    opened = match[1] if (match := _OPEN.search(said)) else None
    since = _find_open(tags, opened, error.lineno) if opened else None
    of_line = f" of line {since}" if since else ""
    if said.startswith(_END) and opened:
        return Said(
            f"syntax error: the template ends, but the `{{% {opened} %}}`{of_line} is not closed",
            f"write `{{% end{opened} %}}` where it shall end",
        )
    if not (unknown := _UNKNOWN.match(said)):
        return Said(f"syntax error: {said}", f"mend the tag; {_DOCUMENTATION}")
    tag = unknown[1]
    expected = re.findall(r"'(\w+)'", match[1]) if (match := _EXPECTED.search(said)) else []
    if tag.startswith("end") or tag in ("elif", "else"):
        if opened:
            what = f"`{{% {tag} %}}` stands where the `{{% {opened} %}}`{of_line} is still open"
            return Said(f"syntax error: {what}", f"write `{{% end{opened} %}}` before it")
        return Said(
            f"syntax error: nothing is open that `{{% {tag} %}}` could belong to", "remove it, or open it before"
        )
    if tag in _ELSEWHERE:
        instead = _ELSEWHERE[tag]
        return Said(f"syntax error: there is no tag `{tag}`; did you mean `{instead}`?", f"write `{{% {instead} … %}}`")
    if tag in _EXTENSIONS:
        help = f'write `extensions = ["{_EXTENSIONS[tag]}"]` under `[jinja]` in edgekit.toml'
        return Said(f"syntax error: the tag `{tag}` belongs to an extension of Jinja's", help)
    known = {*_TAGS, *expected, *(name for extension in environment.extensions.values() for name in extension.tags)}
    return Said(f"syntax error: there is no tag `{tag}`{did_you_mean(tag, known)}", f"mend the tag; {_DOCUMENTATION}")


def describe_assertion(error: TemplateAssertionError, environment: Environment) -> Said:
    """What is wrong with a template that can be read, but not compiled."""
    said = (error.message or "").rstrip(".")
    if match := _MISSING.match(said):
        kind, name = match.groups()
        near = did_you_mean(name, environment.filters if kind == "filter" else environment.tests)
        help = f"name one of Jinja's, or write your own and name it in `[jinja] {kind}s` of edgekit.toml"
        return Said(f"there is no {kind} `{name}`{near}", help)
    if match := re.fullmatch("block '(.*)' defined twice", said):
        return Said(f"the block `{match[1]}` is defined twice", "merge the two, or give one another name")
    return Said(said, f"mend the tag; {_DOCUMENTATION}")


def _find_open(tags: Sequence[Tag], name: str, line: int) -> int | None:
    """The line of the last `{% name … %}` before `line` that no `{% endname %}` closes."""
    closed = 0
    for tag in reversed([tag for tag in tags if tag.first <= line]):
        word = re.match(r"\{%[-+]?\s*(\w+)", tag.text)
        if word and word[1] == f"end{name}":
            closed += 1
        elif word and word[1] == name:
            if not closed:
                return tag.first
            closed -= 1
    return None

"""Comparisons of the tier or a choice slot with a text that it never is: what they guard is never shown.

A typing error there breaks nothing, so nothing else would tell. An expression looks through the templates first; only
one in which it finds something is parsed, to see whether it is code, and whether the name is ours.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from jinja2 import TemplateError, nodes

from edgekit.compiler.environment import PageEnvironment
from edgekit.compiler.findings import Findings
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.slot import KNOWN
from edgekit.project.site import Site

_NAME: Final = r"\b(tier|(?:user|segment|request)(?:\.\w+)+)"
_TEXT: Final = r"""("[^"]*"|'[^']*')"""
_LIKELY: Final = re.compile(rf"{_NAME}\s*[!=]=\s*{_TEXT}|{_TEXT}\s*[!=]=\s*{_NAME}")


def check_comparisons(site: Site, findings: Findings, templates: Iterable[str]) -> list[Diagnostic]:
    """Warnings of templates, given by their names relative to the site folder; others are somebody else's."""
    known = {slot.source: slot.choices for slot in site.slots.values() if slot.choices}
    known |= dict.fromkeys(("tier", "user.tier"), tuple(site.tiers))
    if KNOWN in known:
        known[KNOWN] = ()  # true or false, and no text at all
    found = []
    for template in sorted(templates):
        for name, text, line in _find_impossible(findings.environment, site, template, known):
            message = f"`{name}` is never `{text}`{did_you_mean(text, known[name])}"
            warning = findings.make("EK807", message, _help(name, known[name]), (template, line), "")
            found.append(msgspec.structs.replace(warning, severity="warning", pages=()))
    return found


def _help(name: str, known: tuple[str, ...]) -> str:
    if not known:
        return f"`{name}` is true or false: test it by itself, `{{% if {name} %}}`"
    where = "a file of `segments/`" if name.endswith("tier") else "the slot's `choices`"
    return f"it is one of {', '.join(f'`{text}`' for text in known)}; another one needs a place in {where}"


def _find_impossible(
    environment: PageEnvironment, site: Site, template: str, known: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str, int]]:
    """Name, text and line of each comparison that never holds."""
    try:
        source = (site.root / template).read_text("utf-8")
        likely = {(found[1] or found[4], (found[2] or found[3])[1:-1]) for found in _LIKELY.finditer(source)}
        if all(text in known.get(name, (text,)) for name, text in likely):
            return
        tree = environment.parse(source)
    except (OSError, UnicodeDecodeError, TemplateError):
        return
    bound = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    for comparison in tree.find_all(nodes.Compare):
        match comparison:
            case nodes.Compare(expr=one, ops=[nodes.Operand(op="eq" | "ne", expr=nodes.Const(value=str(text)))]):
                name = _dotted(one)
            case nodes.Compare(expr=nodes.Const(value=str(text)), ops=[nodes.Operand(op="eq" | "ne", expr=other)]):
                name = _dotted(other)
            case _:
                continue
        if text not in known.get(name, (text,)) and name.partition(".")[0] not in bound:
            yield name, text, comparison.lineno


def _dotted(node: nodes.Node) -> str:
    """`user.state`; empty for what is no name with attributes."""
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=inner, attr=attribute):
            head = _dotted(inner)
            return head and f"{head}.{attribute}"
    return ""

"""What a template's text names, whatever a render comes to: other templates, data, the site's own functions.

Found in the syntax tree, so that no filter, alias or constant that Jinja folds can go around it.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from jinja2 import nodes
from jinja2.meta import find_referenced_templates

from edgekit.compiler.names import DATA, FUNCTIONS, name_data
from edgekit.project.site import Functions

_CALLS: Final = (nodes.Filter, nodes.Test)


class Mentions(NamedTuple):
    """`templates` has None for a name that only a render knows; `reads` are names of reads."""

    templates: tuple[str | None, ...]
    reads: frozenset[str]


def find_mentions(tree: nodes.Template, functions: Functions) -> Mentions:
    """What the template of a syntax tree names."""
    reads = set(_find_data(tree))
    if _calls(tree, functions):
        reads.add(FUNCTIONS)
    return Mentions(tuple(find_referenced_templates(tree)), frozenset(reads))


def _find_data(tree: nodes.Node) -> Iterator[str]:
    """The paths into `data`: as far as a chain of constant attributes and keys tells them."""
    inner: set[int] = set()
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Name)):  # from the outside in
        if id(node) in inner:
            continue
        steps: list[str] = []
        step: nodes.Node = node
        while isinstance(step, nodes.Getattr | nodes.Getitem):
            inner.add(id(step))
            match step:
                case nodes.Getattr(attr=key) | nodes.Getitem(arg=nodes.Const(value=str(key))):
                    steps.append(key)
                case _:
                    steps.clear()  # a key that only a render knows: all that stands before it is read
            step = step.node
        if isinstance(step, nodes.Name) and step.name == DATA:
            inner.add(id(step))
            yield name_data(reversed(steps))


def _calls(tree: nodes.Template, functions: Functions) -> bool:
    """Whether it names a function or constant of the site's. A render notes what is called by other names."""
    own = {nodes.Filter: functions.filters, nodes.Test: functions.tests}
    return any(node.name in own[type(node)] for node in tree.find_all(_CALLS)) or any(
        node.name in functions.globals for node in tree.find_all(nodes.Name)
    )

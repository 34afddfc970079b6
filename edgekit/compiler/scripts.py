"""Whether a slot is a whole expression of a script, as a JavaScript parser (tree-sitter) reads it.

The script is parsed with a value in the place of each slot: of a string, one with quotes, comments and escapes; of an
integer, one with a minus and one without. A slot may stand where each comes out as one literal, in a script that has no
error, in a place of `_OPERANDS`. So it is no part of a string, template, regular expression, comment, number or name;
no property's name, label, directive or module; and no operand of an operator that changes it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser, Tree

from edgekit.compiler.opaque import Placed
from edgekit.compiler.urls import Part
from edgekit.fragment.encodings import encode_json

_CODE: Final = frozenset({"", "module", "text/javascript", "application/javascript"})
_DATA: Final = frozenset({"application/json", "application/ld+json"})
"""Values of `type` (HTML 4.12.1). `importmap` and `speculationrules` load code, others are templates of somebody."""

_ANY: Final = frozenset({None})

_OPERANDS: Final[Mapping[str, frozenset[str | None]]] = {
    "arguments": _ANY,
    "array": _ANY,
    "arrow_function": frozenset({"body"}),
    "assignment_expression": frozenset({"right"}),
    "assignment_pattern": frozenset({"right"}),
    "augmented_assignment_expression": frozenset({"right"}),
    "await_expression": _ANY,
    "binary_expression": frozenset({"left", "right"}),
    "export_statement": frozenset({"value"}),
    "field_definition": frozenset({"value"}),
    "for_in_statement": frozenset({"right"}),
    "member_expression": frozenset({"object"}),
    "object_assignment_pattern": frozenset({"right"}),
    "pair": frozenset({"value"}),
    "parenthesized_expression": _ANY,
    "return_statement": _ANY,
    "sequence_expression": _ANY,
    "spread_element": _ANY,
    "subscript_expression": frozenset({"object", "index"}),
    "switch_case": frozenset({"value"}),
    "template_substitution": _ANY,
    "ternary_expression": frozenset({"condition", "consequence", "alternative"}),
    "throw_statement": _ANY,
    "unary_expression": frozenset({"argument"}),
    "variable_declarator": frozenset({"value"}),
    "yield_expression": _ANY,
}
"""Where the grammar has an expression whose value is used: a node's type, and the fields of it that are such (`_ANY`
where none has a name). An expression alone is no such place: at the begin of a function, a string is a directive."""

_SINKS: Final = frozenset(
    {
        "import", "eval", "Function", "setTimeout", "setInterval", "importScripts", "Worker", "SharedWorker",
        "document.write", "document.writeln", "insertAdjacentHTML", "parseFromString", "createContextualFragment",
        "setHTMLUnsafe", "parseHTMLUnsafe", "innerHTML", "outerHTML", "srcdoc", "location", "href", "src",
        "location.assign", "location.replace", "window.open",
    }
)  # fmt: skip
"""Functions and properties that run what they are given, or read it as HTML or as an address: the injection sinks of
Trusted Types, and OWASP's of DOM based XSS. Only what they are given there and then is seen."""

_TAKERS: Final = {
    "call_expression": "function",
    "new_expression": "constructor",
    "assignment_expression": "left",
    "augmented_assignment_expression": "left",
}
"""Expressions that give a value to something, and the field that says to what."""

_FUNCTIONS: Final = frozenset(
    {
        "arrow_function", "function_expression", "function_declaration", "generator_function",
        "generator_function_declaration", "method_definition",
    }
)  # fmt: skip

_EXPRESSION_HELP: Final = "write `const value = {{ … |tojson }};`, without quotes, and use `value` where it is needed"


class Script:
    """The text of a script with slots in it; it is parsed once, when it is first asked about."""

    def __init__(self, parts: Sequence[Part], attributes: Mapping[str, str | None]) -> None:
        self.parts = parts
        self.type = _read_type(attributes)

    @cached_property
    def _readings(self) -> list["_Reading"]:
        integers = any(isinstance(part, Placed) and part.slot.type == "integer" for part in self.parts)
        return [_read(self.parts, sign, is_data=self.type in _DATA) for sign in (("", "-") if integers else ("",))]

    def judge(self, at: int) -> tuple[str, str, str] | None:
        """Why slot number `at` of the parts may not stand there: code, what (a clause) and help; None if it may."""
        if self.type not in _CODE | _DATA:
            what = f'it stands in a script of type "{self.type}", which is neither JavaScript nor JSON'
            return "EK301", what, "move it into a script, or into a `data-…` attribute that a script reads"
        placed = self.parts[at]
        assert isinstance(placed, Placed)
        if placed.form != "json":
            written = f"is written as `{placed.form}`" if placed.form else "is not written as JSON"
            return "EK303", f"it {written}, but stands in a script", "print it with `|tojson`, without quotes around it"
        for reading in self._readings:
            if reading.has_comment:
                what = "it stands in a script with `<!--` or `-->`, which begin a comment there"
                return "EK301", what, "leave them out; `x-- > 0` has a space"
            if reading.has_disputed_slash:
                what = "it stands in a script with a `/` that may be a division or begin a regular expression"
                return "EK301", what, "end the statement before the `/` with a `;`, or put parentheses around it"
            if problem := _judge_expression(reading, *reading.ranges[at]):
                return "EK301", *problem
        return None

    def is_constant(self, at: int) -> bool:
        """Whether text number `at` of the parts, some letters, is a name by itself or a part of a quoted string."""
        reading = self._readings[0]
        start, end = reading.ranges[at]
        node = reading.tree.root_node.descendant_for_byte_range(start, end)
        if node is None or node.parent is None:
            return False
        if node.type == "string_fragment":
            return node.parent.type == "string"
        return node.type in ("identifier", "property_identifier") and (node.start_byte, node.end_byte) == (start, end)


def _read_type(attributes: Mapping[str, str | None]) -> str:
    """The `type` of a script, in small letters; of the outdated `language` only JavaScript is none."""
    if "type" in attributes:
        return (attributes["type"] or "").strip(" \t\n\f\r").lower()
    language = (attributes.get("language") or "").lower()
    return "" if language in ("", "javascript") else f"text/{language}"


_STRING: Final = encode_json("x\"'`${}\\ */ // \n<!-- --> </script>").encode()


class _Reading(NamedTuple):
    """A script with values, parsed, and where each part lies in it (bytes)."""

    text: bytes
    tree: Tree
    ranges: list[tuple[int, int]]
    has_comment: bool
    has_disputed_slash: bool


def _read(parts: Sequence[Part], sign: str, *, is_data: bool) -> _Reading:
    """Parse a script with values; JSON becomes a script by parentheses."""
    script = bytearray(b"(" if is_data else b"")
    ranges = []
    for part in parts:
        start = len(script)
        if isinstance(part, str):
            script += part.encode()
        else:
            script += f"{sign}1".encode() if part.slot.type == "integer" else _STRING
        ranges.append((start, len(script)))
    script += b"\n)" if is_data else b"\n"
    text = bytes(script)
    tree = Parser(Language(tree_sitter_javascript.language())).parse(text)
    return _Reading(text, tree, ranges, b"<!--" in text or b"-->" in text, _has_disputed_slash(tree))


_DISPUTED: Final = frozenset({b"}", b"await", b"yield"})
"""What a division may follow, and a regular expression too: it depends on more than the grammar of the parser knows.

`{a: 1}` and `() => {}` may end a statement, a line's end without a `;` may end one, and `await` may be a name.
"""


def _has_disputed_slash(tree: Tree) -> bool:
    """Whether what the parser takes for a division could begin a regular expression, or the other way round.

    Then what follows may be inside or outside of it (ECMA-262, 12: the goal symbols InputElementDiv and …RegExp).
    """
    before: Node | None = None
    nodes = [tree.root_node]
    while nodes:
        node = nodes.pop()
        nodes += reversed(node.children)
        if node.type == "comment":
            # The parser reads what follows a comment behind a regular expression as its flags.
            if node.parent is not None and node.parent.type == "regex":
                return True
        elif not node.child_count:
            if node.type in ("/", "/=") and before is not None and before.text in _DISPUTED:
                return True
            before = node if node.type != "regex_pattern" else None
    return False


_NAME_BEGIN: Final = re.compile(rb"[A-Za-z_$\\\x80-\xff]")
"""What may not follow a number (ECMA-262, 12.9.3), which the parser does not see: `1in a`."""


def _judge_expression(reading: _Reading, start: int, end: int) -> tuple[str, str] | None:
    """Why what lies there is no value of its own, and help; None if it is."""
    root = reading.tree.root_node
    if root.has_error:
        return "it stands in a script that a JavaScript parser cannot read with a value there", _EXPRESSION_HELP
    node = root.descendant_for_byte_range(start, end)
    runs_on = _NAME_BEGIN.match(reading.text, end)
    if node is None or (node.start_byte, node.end_byte) != (start, end) or node.parent is None or runs_on:
        return "it stands in a script where a value is no whole expression", _EXPRESSION_HELP
    operands = _OPERANDS.get(node.parent.type, frozenset())
    if (operands != _ANY and _field_of(node) not in operands) or _is_signed_base(node):
        what = "it stands in a script where a value is a name, a directive or a module, or is changed"
        return what, _EXPRESSION_HELP
    if sink := _find_sink(node):
        what = f"it is given to `{sink}`, which may run it as code or as an address"
        return what, "give it to what takes text, such as `textContent`"
    return None


def _is_signed_base(node: Node) -> bool:
    """`-1 ** 2` is an error in JavaScript, which the parser does not see."""
    operator = node.parent and node.parent.child_by_field_name("operator")
    return node.type == "unary_expression" and operator is not None and operator.type == "**"


def _field_of(node: Node) -> str | None:
    assert node.parent is not None
    number = next(number for number, child in enumerate(node.parent.children) if child.id == node.id)
    return node.parent.field_name_for_child(number)


def _find_sink(node: Node) -> str | None:
    """What of `_SINKS` takes a value of which this expression is a part, without a function in between."""
    around = node.parent
    while around is not None and around.type not in _FUNCTIONS:
        target = around.child_by_field_name(_TAKERS.get(around.type, ""))
        if target is not None and (sink := next((name for name in _names_of(target) if name in _SINKS), None)):
            return sink
        around = around.parent
    return None


def _names_of(target: Node) -> tuple[str, str]:
    """How a function or property may be called: `write` and `document.write`; a global is a property of `window`."""
    name = target.child_by_field_name("property") or target
    owner = target.child_by_field_name("object")
    if owner is not None:
        owner = owner.child_by_field_name("property") or owner
    return _text(name), f"{_text(owner) if owner is not None else 'window'}.{_text(name)}"


def _text(node: Node) -> str:
    return (node.text or b"").decode()

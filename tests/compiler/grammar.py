"""Writes templates by the grammar in grammar.txt.

Each name of a template has a kind that never changes (`x` prints a slot, `t` is frozen text, `n` a number …) and is set
in a prologue, so that any sentence knows what it may use where and most templates mean something. In some templates a
few places hold what nobody should write: those must be refused, or hold.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from jinja2 import Environment

_FILTER_ARGUMENTS: Final = {
    "attr": '("a")', "batch": "(2)", "default": "(«any»)", "d": "(«any», «flag»)", "format": "(«any»)",
    "groupby": '("a")', "join": "(«any»)", "map": '("«filter»")', "replace": '("a", «any»)', "round": "(1)",
    "reject": '("«test»")', "rejectattr": '("a")', "select": '("«test»")', "selectattr": '("a", "«test»")',
    "slice": "(2)", "truncate": "(«number»)", "indent": "(«number»)",
    "sum": '(attribute="a")', "max": '(attribute="a")',
}  # fmt: skip


def _read_grammar() -> Iterator[tuple[str, list[str]]]:
    """Each symbol and its productions; those of `filter` and `test` are Jinja's own."""
    yield "filter", [name + _FILTER_ARGUMENTS.get(name, "") for name in sorted(Environment().filters)]
    yield "test", sorted(name for name in Environment().tests if name.isalpha())
    symbol, productions = "", list[str]()
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            productions.append(line.strip().translate(_SIGNS))
        elif line and not line.startswith("#"):
            symbol, productions = line, []
            yield symbol, productions


_SIGNS: Final = str.maketrans({"ε": "", "␣": " ", "⏎": "\n", "␍": "\r"})
GRAMMAR: Final = dict(_read_grammar())

FILES: Final = {
    "pages/index.html": "page",
    "templates/base.html": "base",
    "templates/other.html": "other",
    "templates/part.html": "include",
    "templates/plain.html": "plain",
    "templates/lib.html": "lib",
}
"""The files of a template, and the symbol of each."""

_EXPRESSIONS: Final = frozenset({"slot", "items", "table", "text", "markup", "number", "flag", "texts", "dict"})
_WILD: Final = {"part": ["risk"], **{symbol: ["any", "abuse", "abuse", "abuse"] for symbol in _EXPRESSIONS}}
"""What may stand in the place of a symbol where a template is wild; one wild place shows more than many."""
_WILDNESS: Final = 0.25
_SYMBOL: Final = re.compile("«([a-z0-9]+)»")


@dataclass(frozen=True)
class Sentence:
    """One symbol written out: text and sentences in order."""

    symbol: str
    parts: tuple["str | Sentence", ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


class Writer:
    """Writes sentences, the same for the same `seed`."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.wild = self.random.choice([0, 1, 1, 1, 2, 3])
        self.depth = self.random.randint(2, 4)
        self.blocks = 0

    def write(self, symbol: str, depth: int) -> Sentence:
        if symbol == "prologue":
            return Sentence(symbol, ())
        if self.wild and symbol in _WILD and self.random.random() < _WILDNESS:
            self.wild -= 1
            symbol = self.random.choice(_WILD[symbol])
        production = self.random.choice(_leaves[symbol] if depth <= 0 else GRAMMAR[symbol])
        return Sentence(symbol, tuple(self._fill(production, depth - 1)))

    def write_prologue(self, used: set[str]) -> Sentence:
        """Sets the names that are used: all would cost more than the rest of a template."""
        lines = [line for line in GRAMMAR["prologue"] if used & set(_DEFINED.findall(line))]
        return Sentence("prologue", tuple(Sentence("line", tuple(self._fill(line, 0))) for line in lines))

    def _fill(self, production: str, depth: int) -> Iterator[str | Sentence]:
        for number, piece in enumerate(_SYMBOL.split(production)):
            if number % 2 == 0:
                yield piece
            elif piece == "new":
                self.blocks += 1
                yield f"b{self.blocks}"
            else:
                yield self.write(piece, depth)


_DEFINED: Final = re.compile(r"^{% (?:set|macro|import .* as|from .* as) (\w+)")

_leaves: Final = {
    symbol: [production for production in productions if "«" not in production] or productions
    for symbol, productions in GRAMMAR.items()
}


def write_files(seed: int) -> dict[str, Sentence]:
    """The files of template number `seed`."""
    writer = Writer(seed)
    files = {name: writer.write(symbol, writer.depth) for name, symbol in FILES.items()}
    used = set(re.findall(r"\w+", "".join(map(str, files.values()))))
    page = files["pages/index.html"]
    prologue = writer.write_prologue(used)
    parts = tuple(prologue if isinstance(part, Sentence) and part.symbol == "prologue" else part for part in page.parts)
    return {**files, "pages/index.html": Sentence(page.symbol, parts)}


def smaller(files: Mapping[str, Sentence]) -> Iterator[dict[str, Sentence]]:
    """The same files with one sentence dropped: replaced by a plain one, or by a part of it of the same kind."""
    for name, sentence in files.items():
        for less in _smaller(sentence):
            yield {**files, name: less}


def _smaller(sentence: Sentence) -> Iterator[Sentence]:
    least = Sentence(sentence.symbol, ("",) if sentence.symbol in _DROPPED else (_leaves[sentence.symbol][0],))
    if len(str(least)) < len(str(sentence)) and "«" not in str(least):
        yield least
    for inner in sentence.parts:
        if isinstance(inner, Sentence) and {inner.symbol, sentence.symbol} <= _EXPRESSIONS | {"any", "abuse"}:
            yield inner
        if isinstance(inner, Sentence) and {inner.symbol, sentence.symbol} <= _DROPPED:
            yield inner
    for number, part in enumerate(sentence.parts):
        if isinstance(part, Sentence):
            for less in _smaller(part):
                yield Sentence(sentence.symbol, (*sentence.parts[:number], less, *sentence.parts[number + 1 :]))


_DROPPED: Final = frozenset(
    {
        "body", "simple", "part", "risk", "loop", "frozen", "prologue", "line",
        "base", "other", "include", "plain", "lib",
    }
)  # fmt: skip


def shrink(files: Mapping[str, Sentence], fails: Callable[[dict[str, str]], bool]) -> Mapping[str, Sentence]:
    """The smallest files found that still fail."""
    while True:
        for less in smaller(files):
            if fails({name: str(sentence) for name, sentence in less.items()}):
                files = less
                break
        else:
            return files

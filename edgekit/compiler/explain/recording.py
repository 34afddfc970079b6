"""A page traced once more, slower, to note where it reads and which lines lead to what it prints."""

import sys
from collections.abc import Iterable, Iterator, MutableMapping
from types import GeneratorType
from typing import Any, NamedTuple

from jinja2 import Template, nodes
from jinja2.compiler import Frame
from jinja2.idtracking import VAR_LOAD_ALIAS, VAR_LOAD_RESOLVE

from edgekit.compiler.explain.explanation import ReadKind
from edgekit.compiler.opaque import Mark, Placed, Rope, pieces_of
from edgekit.compiler.run import Location, Run, find_location, line_of
from edgekit.compiler.trace import Text, Traced, Tracer
from edgekit.compiler.tracing import CheckingGenerator, TracingEnvironment
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.model.slot import Slot
from edgekit.project.site import Page, Site

Reads = dict[tuple[ReadKind, str], dict[Location, None]]
"""What is read, and where, both in the order of the render."""

Chain = tuple[Location, ...]
"""The line that printed a piece, then those that include it or place its block, from the inside out."""

_NAMES: dict[str, ReadKind] = {"tier": "tier", "build_time": "clock"}
"""Names that a compiled template looks up where a block begins, and not where they stand."""


class Recorded(NamedTuple):
    """A variant as it was traced, and for each of its pieces the chain of lines that lead to it."""

    traced: Traced
    chains: tuple[Chain, ...]


class Recording(NamedTuple):
    """All variants of a page for a tier, and what they read."""

    variants: tuple[Recorded, ...]
    reads: Reads


class Recorder:
    """Records pages of a site that compile, one after the other."""

    def __init__(self, site: Site) -> None:
        self.environment = RecordingEnvironment(site)
        self.findings = (tracer := _ChainTracer(site, self.environment)).findings
        self._tracer = tracer

    def record(self, page: Page, tier: str) -> Recording:
        """The page for a tier. Raises EdgekitError with the findings of a page that does not compile."""
        reads: Reads = {}
        self.environment.recording.reads = reads
        self.environment.recording.looked_up = {}
        self._tracer.chains = []
        variants = self._tracer.trace(page, tier)
        if isinstance(variants, list):
            raise EdgekitError(variants, status=1)
        for (kind, name), places in reads.items():
            if name in _NAMES and not places and (place := self._find_mention(name)) is not None:
                reads[kind, name][place] = None
        return Recording(
            tuple(
                Recorded(traced, tuple(chains)) for traced, chains in zip(variants, self._tracer.chains, strict=True)
            ),
            reads,
        )

    def find_line(self, location: Location, text: str) -> Location:
        """The line that has `text`, from a line on to the next one that Jinja notes; the line itself if none has.

        Jinja notes no line for text alone, so that behind `{% else %}` has the line of the last tag before it.
        """
        name, first = location
        lines = self.findings.source_lines(name)
        self.environment.recording.reads = {}
        noted = [line for line, _ in self.environment.get_template(name).debug_info if line > first]
        end = min(noted, default=len(lines))
        return name, next((line for line in range(first, end + 1) if text in lines[line - 1]), first)

    def _find_mention(self, name: str) -> Location | None:
        """The first line that names what was looked up, though no expression came to it."""
        template = self.environment.recording.looked_up[name]
        tree = self.environment.parse("\n".join(self.findings.source_lines(template)))
        lines = [node.lineno for node in tree.find_all(nodes.Name) if node.name == name]
        return (template, min(lines)) if lines else None


class RecordingRun(Run):
    """Notes the template line of each read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: Reads = {}
        self.looked_up: dict[str, str] = {}

    def note(self, kind: ReadKind, name: str, place: Location | None) -> None:
        places = self.reads.setdefault((kind, name), {})
        if place is not None:
            places[place] = None

    def read_slot(self, slot: Slot) -> None:
        super().read_slot(slot)
        self.note("slot", slot.source, find_location(sys._getframe(1)))

    def read_tier(self, name: str) -> None:
        super().read_tier(name)
        here = find_location(sys._getframe(1))
        if name in _NAMES:
            self._look_up(name, here)
        else:
            self.note("tier", name, here)

    def read_clock(self) -> None:
        super().read_clock()
        self._look_up("build_time", find_location(sys._getframe(1)))

    def _look_up(self, name: str, here: Location | None) -> None:
        self.note(_NAMES[name], name, None)
        if here is not None:
            self.looked_up.setdefault(name, here[0])


class _NotingGenerator(CheckingGenerator):
    """Notes `tier` and `build_time` where an expression comes to them."""

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:  # noqa: N802  (Jinja finds it by the node)
        noted = node.ctx == "load" and node.name in _NAMES and _is_looked_up(node.name, frame)
        if noted:
            self.write(f"environment.note_name({node.name!r}, {node.lineno!r}, ")
        super().visit_Name(node, frame)
        if noted:
            self.write(")")


def _is_looked_up(name: str, frame: Frame) -> bool:
    """Whether a name is the page's, and not a macro's argument or a variable of a loop or block."""
    load = frame.symbols.find_load(frame.symbols.ref(name))
    while load is not None and load[0] == VAR_LOAD_ALIAS:
        load = frame.symbols.find_load(str(load[1]))
    return load is not None and load[0] == VAR_LOAD_RESOLVE


class RecordingEnvironment(TracingEnvironment):
    """Notes where templates, assets and islands are named."""

    code_generator_class = _NotingGenerator

    def __init__(self, site: Site) -> None:
        self.recording = RecordingRun()
        super().__init__(site, self.recording)

    def note_name(self, name: str, line: int, value: Any) -> Any:
        """For compiled templates: `value` is that of `name`, in their own `line`."""
        here = find_location(sys._getframe(1))
        self.recording.note(_NAMES[name], name, here and (here[0], line))
        return value

    def asset_url(self, name: str) -> str:
        url = super().asset_url(name)
        self.recording.note("asset", name, find_location(sys._getframe(1)))
        return url

    def place_island(self, name: str) -> Any:
        self.recording.note("island", name, find_location(sys._getframe(1)))
        return super().place_island(name)

    def begin_island(self, name: str) -> Any:
        self.recording.note("island", name, find_location(sys._getframe(1)))
        return super().begin_island(name)

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> Template:
        self.recording.note("template", name, find_location(sys._getframe(1)))
        return super()._load_template(name, globals)


class _ChainTracer(Tracer):
    """Keeps a chain for each piece, of every variant that it traces."""

    def __init__(self, site: Site, environment: RecordingEnvironment) -> None:
        super().__init__(site, environment)
        self.chains: list[list[Chain]] = []

    def _read(self, printed: Iterator[Any], pieces: list[Text | Placed | Mark]) -> None:
        self.chains.append(chains := [])
        for piece in printed:
            chain = _find_chain(printed)
            parts: Iterable[Any] = pieces_of(piece) if type(piece) is Rope else [piece]
            for part in parts:
                if type(part) is Placed or type(part) is Mark:
                    pieces.append(part)
                elif part:
                    pieces.append(Text(part, chain[0]))
                else:
                    continue
                chains.append(chain)


def _find_chain(printed: Any) -> Chain:
    """The lines at which the links of a render stand; see `locator` for what they are.

    A template that extends another is no link: the layout's line says which block is meant.
    """
    chain: list[Location] = []
    generator = printed
    while True:
        frame = generator.gi_frame
        template = frame.f_globals["__jinja_template__"]
        inner = generator.gi_yieldfrom
        if type(inner) is not GeneratorType:
            included = frame.f_locals.get("gen")
            inner = included if type(included) is GeneratorType and included.gi_frame is not None else None
            extends = False
        else:
            extends = inner.gi_code.co_name == "root"
        if not extends:
            chain.append((template.name, line_of(template, frame.f_lineno)))
        if inner is None:
            return tuple(reversed(chain))
        generator = inner

"""One page for one tier, traced: what it prints, piece by piece with the template line of each, and what it read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from edgekit.compiler.environment import page_variables
from edgekit.compiler.fields import trace_fields
from edgekit.compiler.findings import Findings
from edgekit.compiler.opaque import Placed, Rope, pieces_of
from edgekit.compiler.run import Location
from edgekit.compiler.tracing import TracingContext, TracingEnvironment
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.fragment.values import is_well_formed
from edgekit.model.slot import Slot
from edgekit.project.site import Page, Site


class Text(NamedTuple):
    """Printed text and the template line that printed it."""

    text: str
    location: Location


@dataclass(frozen=True, slots=True)
class Traced:
    """What a render printed, in order, and read: slots by source (printed or not), templates and assets by name."""

    pieces: tuple[Text | Placed, ...]
    slots: dict[str, Slot]
    reads_tier: bool
    reads_clock: bool
    templates: tuple[str, ...]
    assets: tuple[str, ...]


class Tracer:
    """Traces the pages of a site, one after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.environment = TracingEnvironment(site)
        self.findings = Findings(self.environment)

    def trace(self, page: Page, tier: str) -> Traced | list[Diagnostic]:
        """What the page's template prints for a tier, or the findings that forbid it."""
        run = self.environment.run
        run.start()
        self.environment.page_serial += 1
        found: list[Diagnostic] = []
        pieces: list[Text | Placed] = []
        try:
            template = self.environment.get_template(page.template)
            variables = page_variables(page, tier, trace_fields(self.site, tier, run))
            context = template.new_context(variables)
            assert isinstance(context, TracingContext)
            context.is_located = True  # by what reads it here
            self._read(template.root_render_func(context), pieces)
            found += self._check_text(page, pieces)
        except Exception as error:  # whatever a template raises is the author's to know, with its place
            diagnostic = self.findings.of_error(error, page.path, page.template)
            if diagnostic is not None and not run.violations:
                found.append(diagnostic)
        found += [self.findings.of_violation(violation, page.path) for violation in run.violations]
        if found:
            return found
        return Traced(
            tuple(pieces),
            dict(sorted(run.slots.items())),
            run.reads_tier,
            run.reads_clock,
            tuple(sorted(run.templates)),
            tuple(sorted(run.assets)),
        )

    def _check_text(self, page: Page, pieces: list[Text | Placed]) -> list[Diagnostic]:
        """Lone surrogates, which Jinja prints and no UTF-8 has."""
        for piece in pieces:
            if type(piece) is Text and not is_well_formed(piece.text):
                help = "write well-formed Unicode: half of a surrogate pair is no character"
                return [self.findings.make("EK215", "a lone surrogate is printed", help, piece.location, page.path)]
        return []

    def _read(self, printed: Iterator[Any], pieces: list[Text | Placed]) -> None:
        """Add what a template prints to `pieces`, text of one line joined."""
        run = self.environment.run
        texts: list[str] = []
        here: Location | None = None
        for piece in printed:
            location = run.location
            if location is None:
                location = self.environment.location_of(printed)
            else:
                run.location = None
            if type(piece) is not Rope and location is here:
                texts.append(piece)
                continue
            if here is not None and (text := "".join(texts)):
                pieces.append(Text(text, here))
            if type(piece) is not Rope:
                here, texts = location, [piece]
                continue
            here = None
            for part in pieces_of(piece):
                if type(part) is Placed:
                    pieces.append(part)
                elif part:
                    assert isinstance(part, str)
                    pieces.append(Text(part, location))
        if here is not None and (text := "".join(texts)):
            pieces.append(Text(text, here))

"""One page for one tier, traced: what it prints, piece by piece with the template line of each, and what it read."""

import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from edgekit.compiler.environment import page_variables
from edgekit.compiler.fields import trace_fields
from edgekit.compiler.findings import Findings
from edgekit.compiler.locator import Lines, Locator
from edgekit.compiler.opaque import Mark, Placed, Rope, pieces_of
from edgekit.compiler.run import Choices, Location
from edgekit.compiler.tracing import TracingEnvironment
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.slot import Slot
from edgekit.project.site import Page, Site


class Text(NamedTuple):
    """Printed text and the template line that printed it."""

    text: str
    location: Location


class Traced(NamedTuple):
    """What a render printed, in order, and read: slots by source (printed or not), templates and assets by name.

    `fields` are those by which it read the tier: `tier`, or such as `segment.discount`.
    `decisions` are the choice slots it read, in that order, each with the number of the choice it had; `clients` are
    the islands that it fetches.
    """

    decisions: tuple[tuple[Slot, int], ...]
    pieces: tuple[Text | Placed | Mark, ...]
    slots: dict[str, Slot]
    fields: tuple[str, ...]
    reads_clock: bool
    templates: tuple[str, ...]
    assets: tuple[str, ...]
    clients: tuple[str, ...] = ()

    @property
    def reads_tier(self) -> bool:
        return bool(self.fields)


class Tracer:
    """Traces the pages of a site, one after the other."""

    def __init__(self, site: Site, environment: TracingEnvironment | None = None) -> None:
        self.site = site
        self.environment = environment or TracingEnvironment(site)
        self.findings = Findings(self.environment)
        self._lines = Lines()
        self._fields = {tier: trace_fields(site, tier, self.environment.run) for tier in site.tiers}

    def trace(self, page: Page, tier: str) -> tuple[Traced, ...] | list[Diagnostic]:
        """Every variant of what the page's template prints for a tier, or the findings that forbid it.

        Which choice slots are read can depend on the choices of those before, so a variant tells which to try next:
        the last first, as an odometer counts. What is returned is in the order of the slots' `choices`.
        """
        variants: list[Traced] = []
        choices: Choices | None = ()
        while choices is not None:
            traced = self._trace(page, tier, choices)
            if not isinstance(traced, Traced):
                return traced
            variants.append(traced)
            if found := self._check_count(page, variants):
                return found
            choices = _next_choices(traced.decisions)
        return tuple(variants)

    def _check_count(self, page: Page, variants: list[Traced]) -> list[Diagnostic]:
        slots = {slot.name: slot for variant in variants for slot, _ in variant.decisions}
        product = math.prod(len(slot.choices) for slot in slots.values())
        if product <= self.site.max_variants:
            return []
        factors = " × ".join(f"{len(slot.choices)} of `{slot.source}`" for slot in slots.values())
        what = f"the page has {product} variants ({factors}), more than the {self.site.max_variants} of `max_variants`"
        help = "read fewer choice slots on one page, or raise `[budget] max_variants`"
        return [self.findings.make("EK502", what, help, (page.template, 1), page.path)]

    def _trace(self, page: Page, tier: str, choices: Choices) -> Traced | list[Diagnostic]:
        """One variant."""
        run = self.environment.run
        run.start(page, choices)
        self.environment.page_serial += 1
        found: list[Diagnostic] = []
        pieces: list[Text | Placed | Mark] = []
        try:
            template = self.environment.get_template(page.template)
            variables = page_variables(page, tier, self._fields[tier])
            self._read(template.root_render_func(template.new_context(variables)), pieces)
            run.check_choices()
        except Exception as error:  # whatever a template raises is the author's to know, with its place
            diagnostic = self.findings.of_error(error, page.path, page.template)
            if diagnostic is not None and not run.violations:
                found.append(diagnostic)
        found += [self.findings.of_violation(violation, page.path) for violation in run.violations]
        if found:
            return found
        return Traced(
            tuple(run.decisions.values()),
            tuple(pieces),
            dict(sorted(run.slots.items())),
            tuple(sorted(run.fields)),
            run.reads_clock,
            tuple(sorted(run.templates)),
            tuple(sorted(run.assets)),
            tuple(sorted(run.clients)),
        )

    def _read(self, printed: Iterator[Any], pieces: list[Text | Placed | Mark]) -> None:
        """Add what a template prints to `pieces`, text of one line joined."""
        locator = Locator(self._lines, printed)
        frame, known = locator.frame, locator.known
        texts: list[str] = []
        here: Location | None = None
        for piece in printed:
            location = known(frame.f_lasti)  # the most frequent case of `Locator.find`, without a call for each piece
            if not location:
                location = locator.find()
                frame, known = locator.frame, locator.known
            if location is here and type(piece) is not Rope:
                texts.append(piece)
                continue
            if text := "".join(texts):
                pieces.append(_new_tuple(Text, (text, here)))
            here = location
            if type(piece) is not Rope:
                texts = [piece]
                continue
            texts = []
            for part in pieces_of(piece):
                if type(part) is not str:
                    pieces.append(part)  # type: ignore[arg-type]
                elif part:
                    pieces.append(_new_tuple(Text, (part, location)))
        if text := "".join(texts):
            pieces.append(_new_tuple(Text, (text, here)))


_new_tuple: Final = tuple.__new__
"""`Text(…)` in a third of its time."""


def _next_choices(decisions: tuple[tuple[Slot, int], ...]) -> Choices | None:
    """The choices behind these, in the order of an odometer whose first wheel turns slowest; None behind the last."""
    for at in reversed(range(len(decisions))):
        slot, number = decisions[at]
        if number + 1 < len(slot.choices):
            return (*((before.name, chosen) for before, chosen in decisions[:at]), (slot.name, number + 1))
    return None

"""Translation validation: compiled fragments, filled with witness values, against Jinja's full render of the same page.

Tracing is sound by construction; this would find where the construction is wrong (contract, section 5).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from jinja2 import nodes

from edgekit.compiler.findings import Findings
from edgekit.compiler.oracle import Oracle
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.fragment.fill import Plan, build_plan, fill
from edgekit.fragment.values import Value, accept, default_value, format_value
from edgekit.model.fragment import Fragment
from edgekit.model.island import format_mark
from edgekit.model.keys import STATIC_PAGES
from edgekit.model.slot import KNOWN, MAX_INTEGER, Slot
from edgekit.project.site import Page, Site

WITNESSES: Final = (
    "", "\"'<>&`=", "{USER_NAME}{_}{?A=b}{/A}", "</script><!--</textarea>", "e\u0301 🎉 مرحبا", " a  b\n",
    "%s %(x)s {0} $&", "\0",
)  # fmt: skip
"""Values that show a wrong encoding, a second scan or a lost character."""

_INTEGERS: Final = (0, -1, 7, MAX_INTEGER, -MAX_INTEGER)
_CONSTANTS: Final = 40


class Validator:
    """Checks the fragments of a site, one after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.oracle = Oracle(site)
        self.findings = Findings(self.oracle.environment)
        self._constants: dict[str, frozenset[str]] = {}
        self._checked = 0

    def check(self, page: Page, tier: str, fragment: Fragment, *, all_variants: bool = False) -> list[Diagnostic]:
        """Compare one variant of a fragment with the oracle, or with `all_variants` each of them with each witness.

        Which variant and which witnesses are taken turns with every call.
        """
        plan = None
        if fragment.namespace != STATIC_PAGES:
            try:
                plan = build_plan(fragment.body, fragment.cuts, self.site.slots)
            except ValueError as error:
                return [self._finding(page, f"the fragment of tier `{tier}` cannot be cut: {error}")]
        witnesses = (*WITNESSES, *self._constants_of(fragment))
        variants = list(self._variants(plan))
        rounds = len(witnesses) if all_variants and plan is not None and plan.slots else 1
        for variant in variants if all_variants else [variants[self._checked % len(variants)]]:
            for _ in range(rounds):
                self._checked += 1
                found = self._compare(page, tier, fragment, plan, {**self._values(tier, witnesses), **variant})
                if found:
                    return found
        return []

    def _compare(
        self, page: Page, tier: str, fragment: Fragment, plan: Plan | None, values: dict[str, Value]
    ) -> list[Diagnostic]:
        by_source = {self.site.slots[name].source: value for name, value in values.items()}
        try:
            expected = self.oracle.render_shell(page, tier, by_source)
        except Exception as error:  # whatever Jinja raises, the page should not have compiled
            message = f"Jinja's full render of a page that compiled fails with {type(error).__name__}: {error}"
            return [self._finding(page, message)]
        replayed = fragment.body
        if plan is not None:
            replayed = _fill_shell(plan, values)
        if replayed == expected:
            return []
        at = next((n for n, (a, b) in enumerate(zip(replayed, expected, strict=False)) if a != b), len(replayed))
        shown = f"`{_excerpt(replayed, at)}` instead of `{_excerpt(expected, at)}`"
        return [self._finding(page, f"for tier `{tier}` replay would answer {shown} at byte {at}")]

    def _finding(self, page: Page, message: str) -> Diagnostic:
        help = (
            "files changed meanwhile (build again), or this is a bug of edgekit's (please report it with the template)"
            "; nothing wrong was published"
        )
        if self.site.jinja.functions.sources:
            help = f"a function of the site is not pure, {help}"
        return self.findings.make("EK290", message, help, (page.template, 1), page.path)

    def _variants(self, plan: Plan | None) -> Iterator[dict[str, Value]]:
        """Every combination of the choices that the fragment has."""
        slots = [self.site.slots[name] for name in plan.slots if self.site.slots[name].choices] if plan else []
        for combination in product(*(slot.choices for slot in slots)):
            yield {
                slot.name: choice == "true" if slot.source == KNOWN else choice
                for slot, choice in zip(slots, combination, strict=True)
            }

    def _values(self, tier: str, witnesses: Sequence[str]) -> dict[str, Value]:
        """A value for each slot by its name, of list slots markup for items; neighbours get different ones."""
        return {
            slot.name: self._witness(slot, tier, witnesses, self._checked + number)
            for number, slot in enumerate(self.site.slots.values())
        }

    def _witness(self, slot: Slot, tier: str, witnesses: Sequence[str], number: int) -> Value:
        if slot.island:
            return f"<i>{slot.name}</i>{WITNESSES[number % len(WITNESSES)]}"
        if slot.choices:
            return default_value(slot, self.site.tiers[tier])
        if slot.type == "integer":
            return _INTEGERS[number % len(_INTEGERS)]
        limit = slot.max_length or 0
        candidates = (*witnesses, "<" * limit)
        value = accept(slot, candidates[number % len(candidates)][:limit])
        return default_value(slot, self.site.tiers[tier]) if value is None else value

    def _constants_of(self, fragment: Fragment) -> list[str]:
        """Texts that the fragment's templates compare and join with: values that could be taken for something else."""
        templates = fragment.trace.templates if fragment.trace else ()
        return sorted(frozenset().union(*map(self._constants_in, templates)))[:_CONSTANTS]

    def _constants_in(self, template: str) -> frozenset[str]:
        if template not in self._constants:
            environment = self.oracle.environment
            assert environment.loader is not None
            source = environment.loader.get_source(environment, template)[0]
            constants = environment.parse(source).find_all(nodes.Const)
            self._constants[template] = frozenset(node.value for node in constants if isinstance(node.value, str))
        return self._constants[template]


def _fill_shell(plan: Plan, values: Mapping[str, Value]) -> bytes:
    """As replay fills it, but with marks where islands go: they are compared as pages of their own."""
    printed = [format_value(values[name]) for name in plan.slots]
    if plan.choose is not None:
        plan, printed = plan.choose(printed)  # type: ignore[assignment]
    inserts = [format_mark(name).encode() for name in plan.islands]
    inserts += [format_value(values[name]).encode() for name in plan.lists]
    return fill(plan, printed, inserts)


def _excerpt(body: bytes, at: int) -> str:
    return body[max(0, at - 20) : at + 20].decode(errors="replace").replace("\n", "⏎")

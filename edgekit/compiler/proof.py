"""Which fragments of a build are validated (`validate`): a sample of them, or all."""

from typing import Final

from edgekit.compiler.validate import Validator
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.fragment import Fragment
from edgekit.model.keys import STATIC_PAGES
from edgekit.project.site import Page

SAMPLE: Final = 500
"""Fragments that every build renders twice; a site with more has those of the lowest digests checked."""


class Proof:
    """Takes the fragments of one build. `all_fragments`: each is validated, for each of its variants and witnesses."""

    def __init__(self, validator: Validator, *, all_fragments: bool) -> None:
        self._validator = validator
        self._all = all_fragments
        self._sample: list[tuple[bytes, Page, Fragment]] = []

    def add(self, page: Page, fragment: Fragment) -> list[Diagnostic]:
        """What is wrong with a fragment, unless it waits to be chosen."""
        if self._all:
            return self._validator.check(page, self._tier_of(fragment), fragment, all_variants=True)
        self._sample.append((fragment.digest, page, fragment))
        if len(self._sample) > 2 * SAMPLE:
            self._sample = self._lowest()
        return []

    def finish(self) -> list[Diagnostic]:
        """What is wrong with those that were chosen."""
        return [
            found
            for _, page, fragment in self._lowest()
            for found in self._validator.check(page, self._tier_of(fragment), fragment)
        ]

    def _lowest(self) -> list[tuple[bytes, Page, Fragment]]:
        """Those of the lowest digests: chosen by what they hold, not by where they stand."""
        return sorted(self._sample, key=lambda entry: (entry[0], entry[2].key))[:SAMPLE]

    def _tier_of(self, fragment: Fragment) -> str:
        """The tier a fragment is for; any, for a static page."""
        site = self._validator.site
        return site.default_tier if fragment.namespace == STATIC_PAGES else fragment.key.rpartition(":")[2]

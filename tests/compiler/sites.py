"""Small sites for tests of the compiler, and what their fragments replay to."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edgekit.compiler.build import CompileResult, compile_site
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.fragment.fill import build_plan, fill
from edgekit.fragment.values import Value, format_value
from edgekit.model.fragment import Fragment
from edgekit.model.keys import page_key
from edgekit.model.slot import KNOWN, Slot
from edgekit.project.load import load_site
from edgekit.project.site import Page, Site

BUILD_TIME = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)

CONFIG = """\
[site]
base_url = "https://shop.example"
default_tier = "free"

[slots.USER_NAME]
from = "user.name"
default = "there"
max_length = 200

[slots.CITY]
from = "user.city"
default = "<nowhere>"
max_length = 200

[slots.POINTS]
from = "user.points"
type = "integer"
default = 0

[slots.STATE]
from = "user.state"
choices = ["guest", "member", "a b/ü"]
default = "guest"

[slots.KNOWN]
from = "user.known"

[slots.ARM]
from = "request.cookie.arm"
choices = ["a", "b"]
default = "b"

[slots.SEASON]
from = "segment.season"
choices = ["summer", "winter"]

[slots.HERO]
from = "segment.hero"
max_length = 200

[slots.QUERY]
from = "request.query.q"
default = ""
max_length = 200
"""

FILES: Mapping[str, str] = {
    "edgekit.toml": CONFIG,
    "segments/free.toml": 'hero = "Welcome & more"\ndiscount = 0\nperks = []\nseason = "summer"\n',
    "segments/vip.toml": 'hero = "Hello {USER_NAME}"\ndiscount = 20\nperks = ["lounge", "<fast>"]\nseason = "winter"\n',
    "data/shop.json": json.dumps(
        {
            "name": "Pots & Pans",
            "items": [
                {"sku": "p-1", "title": 'A "big" pot', "price": 10, "tags": ["new", "red"]},
                {"sku": "p-2", "title": "Lid <small>", "price": 2.5, "tags": []},
                {"sku": "p-3", "title": "Ünï", "price": 0, "tags": ["red"]},
            ],
            "empty": [],
            "none": None,
        }
    ),
    "static/shop.css": "p { color: red }",
}
"""Every test site has these; a test's own files come on top."""


def write_site(folder: Path, files: Mapping[str, str]) -> Site:
    """Write the common files and `files` into a folder and read it as a site."""
    for name, text in {**FILES, **files}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
    return load_site(folder, build_time=BUILD_TIME)


UNUSED = ("EK803", "EK804", "EK805", "EK806")


def findings_of(result: CompileResult) -> list[Diagnostic]:
    """What is said of a site, but for what it does not use: the common files declare more than a test needs."""
    return [diagnostic for diagnostic in result.diagnostics if diagnostic.code not in UNUSED]


@dataclass
class Compiled:
    """A compiled site: its result and its fragments by key."""

    site: Site
    result: CompileResult
    fragments: dict[str, Fragment]

    @property
    def codes(self) -> list[str]:
        return [diagnostic.code for diagnostic in self.findings]

    @property
    def findings(self) -> list[Diagnostic]:
        return findings_of(self.result)

    def replay(self, page: Page, tier: str, values: Mapping[str, Value]) -> bytes:
        """What replay answers for these values, by slot source."""
        fragment = self.fragments.get(page_key(page.path, tier)) or self.fragments[page.path]
        plan = build_plan(fragment.body, fragment.cuts, self.site.slots)
        printed: Sequence[str] = [format_value(values[self.site.slots[name].source]) for name in plan.slots]
        if plan.choose is not None:
            plan, printed = plan.choose(printed)
        inserts = [self._island(name, tier, values) for name in plan.islands]
        inserts += [self._items(self.site.slots[name], tier, values) for name in plan.lists]
        return fill(plan, printed, inserts)

    def _island(self, name: str, tier: str, values: Mapping[str, Value]) -> bytes:
        island = self.site.islands[name].page
        assert island is not None
        return self.replay(island, tier, values)

    def _items(self, slot: Slot, tier: str, values: Mapping[str, Value]) -> bytes:
        keys = values[slot.source]
        assert isinstance(keys, tuple)
        items = self.site.islands[slot.island].items
        shown = [self.replay(items[key], tier, values) for key in keys]
        return b"".join(shown) if shown else self._island(str(slot.default), tier, values)


def compile_files(folder: Path, files: Mapping[str, str], *, jobs: int = 1) -> Compiled:
    site = write_site(folder, files)
    fragments: dict[str, Fragment] = {}

    def keep(fragment: Fragment) -> None:
        fragments[fragment.key] = fragment

    return Compiled(site, compile_site(site, keep, jobs=jobs), fragments)


def values_of(site: Site, text: str, number: int) -> dict[str, Value]:
    """One value for each slot by its source: the same text for every string, but told apart by its source.

    A choice slot takes the choices in turn, as `number` counts: each slot slower than the one before. A list slot
    takes the last `number` items, as far as there are so many and it shows them.
    """
    values: dict[str, Value] = {}
    rest = abs(number)
    for slot in site.slots.values():
        if slot.choices:
            rest, at = divmod(rest, len(slot.choices))
            choice = slot.choices[at]
            values[slot.source] = choice == "true" if slot.source == KNOWN else choice
        elif slot.island:
            values[slot.source] = tuple(site.islands[slot.island].items)[::-1][: min(abs(number), slot.max_items)]
        elif slot.type == "integer":
            values[slot.source] = -number if number % 2 else number
        else:
            values[slot.source] = f"{text}{slot.source[:1] if text else ''}"
    return values


def count_variants(site: Site) -> int:
    """How many combinations of all choices there are."""
    return math.prod(len(slot.choices) or 1 for slot in site.slots.values())

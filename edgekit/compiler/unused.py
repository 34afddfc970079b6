"""What a site declares and no page uses: slots, templates, islands, and tiers that make no difference.

Known only when every page is compiled, and only of a site without findings: a page that is refused was not read to its
end. A template that no page loaded may still be named by one, behind a condition that holds today for none.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from jinja2 import TemplateNotFound, TemplateSyntaxError, meta

from edgekit.compiler.environment import PageEnvironment
from edgekit.compiler.loader import UnreadableTemplateError
from edgekit.compiler.page import CompiledPage
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.keys import PAGE_TPL
from edgekit.model.manifest import IndexEntry
from edgekit.project.config import CONFIG_NAME, MAX_CONFIG_BYTES
from edgekit.project.files import list_files
from edgekit.project.problems import Problems
from edgekit.project.site import Page, Site
from edgekit.project.tiers import FOLDER as TIERS_FOLDER
from edgekit.project.toml import note, read_toml

_FOLDER: Final = "templates"
_ENDINGS: Final = ("html", "txt", "xml", "jinja", "j2")
"""Files of `templates/` that are taken for templates; others may be anybody's notes."""


class Uses:
    """Collects what each compiled page uses, through one build."""

    def __init__(self, site: Site, environment: PageEnvironment) -> None:
        self.site = site
        self.environment = environment
        self._slots: set[str] = set()
        self._islands: set[str] = set()
        self._templates: set[str] = set()
        self._own: set[str] = set()

    def add(self, page: Page, compiled: CompiledPage) -> None:
        """Note a page, island or item that compiled."""
        self._slots.update(compiled.slots)
        self._islands.update(compiled.islands, compiled.clients)
        self._own.add(page.template)
        self._templates.update(name for name in compiled.templates if name != page.template)

    @property
    def templates(self) -> set[str]:
        """All that were loaded: names relative to the site folder, of other folders as templates write them."""
        return self._templates | self._own

    def report(self, entries: Iterable[IndexEntry]) -> list[Diagnostic]:
        """Warnings of what nothing uses; `entries` are those of all pages and islands, in the order of the pages."""
        problems = Problems()
        self._check_slots(problems)
        self._check_tiers(entries, problems)
        self._check_islands(problems)
        self._check_templates(problems)
        return problems.found

    def _check_slots(self, problems: Problems) -> None:
        unused = self.site.slots.keys() - self._slots
        toml = read_toml(self.site.root / CONFIG_NAME, MAX_CONFIG_BYTES, Problems()) if unused else None
        if toml is None:
            return
        for name in sorted(unused):
            source = self.site.slots[name].source
            message = f"no page uses slot `{name}`"
            help = f"print `{{{{ {source} }}}}` somewhere, or remove the slot"
            note(problems, toml, ("slots", name), "EK803", message, help=help, severity="warning")

    def _check_tiers(self, entries: Iterable[IndexEntry], problems: Problems) -> None:
        """Tiers whose fragments are all equal.

        A live field may differ at any time, and an origin is told the tier: with one of these, nothing is said.
        """
        if self.site.origin or any(self.site.slots[name].root == "segment" for name in self._slots):
            return
        digests: defaultdict[str, list[str]] = defaultdict(list)
        for entry in entries:
            if entry.namespace == PAGE_TPL:
                digests[entry.key.rpartition(":")[2]].append(entry.digest)
        alike: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        for tier in sorted(self.site.tiers, key=lambda tier: (tier != self.site.default_tier, tier)):
            alike[tuple(digests[tier])].append(tier)
        for first, *others in alike.values():
            for tier in others:
                problems.add(
                    "EK805",
                    f"tier `{tier}` sees the same as `{first}` on every page",
                    help="let a template read `tier` or a field of `segment`, or remove one of the two",
                    file=self.site.root / TIERS_FOLDER / f"{tier}.toml",
                    severity="warning",
                )

    def _check_islands(self, problems: Problems) -> None:
        lists = [slot for slot in self.site.slots.values() if slot.island]
        used = self._islands | {slot.island for slot in lists} | {str(slot.default) for slot in lists}
        for name, island in self.site.islands.items():
            template = f"islands/{name}.html"
            if name not in used and template not in self._templates:
                use = f'`{{% island "{name}" %}}` in a page' if island.page else f'a list slot with `island = "{name}"`'
                _add_unused(problems, self.site, template, f"place it by {use}, or remove the file")

    def _check_templates(self, problems: Problems) -> None:
        files = (f"{_FOLDER}/{name}" for name, _ in list_files(self.site.root, _FOLDER, Problems()))
        unused = {file for file in files if PurePosixPath(file).suffix[1:] in _ENDINGS} - self._templates
        if unused and (named := self._find_named(unused)) is not None:
            for template in sorted(unused - named):
                _add_unused(problems, self.site, template, "extend, include or import it, or remove the file")

    def _find_named(self, unused: set[str]) -> set[str] | None:
        """Those that a template in use names, or one that is so named; None where a name is put together."""
        named: set[str] = set()
        waiting = sorted(self.templates)
        while waiting:
            for reference in self._read_references(waiting.pop()):
                if reference is None:
                    return None
                found = ({reference, f"{_FOLDER}/{reference}"} & unused) - named
                named |= found
                waiting += sorted(found)
        return named

    def _read_references(self, template: str) -> Iterator[str | None]:
        """The names that a template's tags have; None for one that only a render knows."""
        assert self.environment.loader is not None
        try:
            source, _, _ = self.environment.loader.get_source(self.environment, template)
            yield from meta.find_referenced_templates(self.environment.parse(source))
        except (TemplateNotFound, TemplateSyntaxError, UnreadableTemplateError):
            return


def _add_unused(problems: Problems, site: Site, template: str, help: str) -> None:
    message = f"nothing uses `{template}`"
    problems.add("EK806", message, help=help, file=site.root / template, severity="warning")

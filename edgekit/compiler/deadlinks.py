"""Dead links as diagnostics: one for each template line, whatever the number of its pages and paths."""

from collections.abc import Iterable
from typing import Final

import msgspec

from edgekit.compiler.findings import Findings
from edgekit.compiler.links import DeadLink
from edgekit.compiler.run import Location
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.project.answered import AnsweredPaths
from edgekit.project.site import Site

_NAMED: Final = 3
"""Paths of one line that are named; a loop may print thousands."""


def report_dead_links(found: Iterable[tuple[str, DeadLink]], site: Site, findings: Findings) -> list[Diagnostic]:
    """Warnings for the dead links of pages, given by their paths."""
    lines: dict[tuple[Location, tuple[str, ...]], tuple[set[str], set[str]]] = {}
    for page, dead in found:
        paths, pages = lines.setdefault((dead.location, dead.tiers), (set(), set()))
        paths.add(dead.path)
        pages.add(page)
    answered = AnsweredPaths(site.pages, site.assets.values(), site.redirects, site.origin)
    warnings = []
    for (location, tiers), (paths, pages) in sorted(lines.items()):
        message = _describe(sorted(paths), answered)
        if len(tiers) < len(site.tiers):
            message += f" (for tier {', '.join(f'`{tier}`' for tier in tiers)})"
        warning = findings.make("EK801", message, _help(min(paths), site), location, min(pages))
        warnings.append(msgspec.structs.replace(warning, severity="warning", pages=tuple(sorted(pages))))
    return warnings


def _describe(paths: list[str], answered: AnsweredPaths) -> str:
    if len(paths) == 1:
        return f"nothing answers the link to `{paths[0]}`{answered.did_you_mean(paths[0])}"
    named = ", ".join(f"`{path}`" for path in paths[:_NAMED])
    more = f" and {len(paths) - _NAMED} others" if len(paths) > _NAMED else ""
    return f"nothing answers the links to {named}{more}"


def _help(path: str, site: Site) -> str:
    for name in (path.removeprefix("/static/"), path.removeprefix("/")):
        if name in site.assets:
            return f'write `{{{{ asset("{name}") }}}}`: a file of `static/` has its content\'s hash in its URL'
    return "link to a page's path, to a redirect, or to `asset(…)` for a file of `static/`"

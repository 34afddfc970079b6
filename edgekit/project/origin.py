"""`[origin]`: where the application behind the site is, and which paths are its own."""

import re
from collections.abc import Collection, Iterable
from typing import Final
from urllib.parse import unquote

from edgekit.diagnostics.text import format_pages
from edgekit.model.origin import MAX_PATTERNS, Origin, is_origin, matches, pattern_fault
from edgekit.project.config import OriginTable
from edgekit.project.problems import Problems
from edgekit.project.site import Page
from edgekit.project.toml import TomlFile, note

_PARAMETER: Final = re.compile(r"/:[A-Za-z]")
"""As the matchers of other middlewares name a part: `/product/:path*`. Here it would be those very characters."""


def read_origin(
    table: OriginTable | None, pages: Collection[Page], toml: TomlFile, problems: Problems
) -> Origin | None:
    """The origin; what has problems is left out, the problems noted. No page may lie under one of its paths."""
    if table is None:
        return None
    _check_url(table, toml, problems)
    if len(table.paths) > MAX_PATTERNS:
        what = f"`origin.paths` has {len(table.paths)} paths, more than {MAX_PATTERNS}"
        note(problems, toml, ("origin", "paths"), "EK168", what, help="use `*` for the rest of a path")
        return None
    patterns = []
    for pattern in dict.fromkeys(table.paths):
        if fault := pattern_fault(pattern) or _mistake(pattern):
            help = 'write a path as requests have it, or the begin of one and `*`: `"/api/*"`'
            note(problems, toml, ("origin", "paths"), "EK168", f"`{pattern}` {fault}", help=help)
        else:
            patterns.append(pattern)
            _check_pages(pattern, pages, toml, problems)
    if not table.paths and not table.fallback and toml.content["origin"].keys() <= {"url", "fallback"}:
        what = "`[origin]` has neither `paths` nor `fallback = true`, so nothing goes to it"
        note(problems, toml, ("origin", "url"), "EK168", what, help='add `paths = ["/api/*"]`, or remove the table')
    return Origin(table.url, tuple(patterns), table.fallback)


def _mistake(pattern: str) -> str | None:
    """What is hardly meant, though it could be: the end of a sentence."""
    return "names a part of the path; a `*` at the end stands for any rest" if _PARAMETER.search(pattern) else None


def _check_url(table: OriginTable, toml: TomlFile, problems: Problems) -> None:
    example = "http://127.0.0.1:8000"
    if not table.url:
        note(problems, toml, ("origin", "url"), "EK112", "`origin.url` is missing", help=f'add `url = "{example}"`')
    elif not is_origin(table.url):
        what = f"`{table.url}` is not scheme and host alone"
        help = f"write `{example}`: paths are passed on as they came, so the URL has none, and no slash at its end"
        note(problems, toml, ("origin", "url"), "EK113", what, help=help)


def _check_pages(pattern: str, pages: Iterable[Page], toml: TomlFile, problems: Problems) -> None:
    hidden = [page.path for page in pages if matches(unquote(pattern), page.path)]
    if hidden:
        what = f"the origin's `{pattern}` hides {format_pages(hidden)}"
        help = "name fewer paths in `[origin] paths`, or remove the page"
        note(problems, toml, ("origin", "paths"), "EK169", what, help=help)

"""`[redirects]`: from which paths, and to where."""

from collections.abc import Collection, Mapping
from urllib.parse import unquote

from edgekit.diagnostics.text import format_pages
from edgekit.model.manifest import RedirectRule
from edgekit.model.origin import Origin, matches
from edgekit.model.redirect import MAX_PATTERNS, PART, Pattern, Redirects, part_names, pattern_of, specificity
from edgekit.project.answered import AnsweredPaths
from edgekit.project.circles import find_circles
from edgekit.project.config import RedirectTable
from edgekit.project.locations import WrittenError, read_source, read_target
from edgekit.project.problems import Problems
from edgekit.project.site import Asset, Page
from edgekit.project.toml import TomlFile, note


def read_redirects(
    table: Mapping[str, str | RedirectTable],
    base_url: str,
    pages: Collection[Page],
    assets: Collection[Asset],
    origin: Origin | None,
    toml: TomlFile,
    problems: Problems,
) -> tuple[RedirectRule, ...]:
    """The redirects in the order in which they are tried; those with problems are left out, the problems noted."""
    written: dict[str, str] = {}  # source → as the file has it
    paths: dict[str, str | None] = {}  # source → the site's own path that it leads to
    shapes: dict[Pattern, str] = {}
    rules: list[RedirectRule] = []
    for key, entry in table.items():
        entry = RedirectTable(entry) if isinstance(entry, str) else entry
        try:
            source = read_source(key)
        except WrittenError as fault:
            note(problems, toml, ("redirects", key), "EK160", f"`{key}` {fault.why}", help=fault.help)
            continue
        try:
            target = read_target(entry.to, part_names(source), base_url)
        except WrittenError as fault:
            what = f"the target `{entry.to}` of `{key}` {fault.why}"
            note(problems, toml, ("redirects", key), "EK161", what, help=fault.help)
            continue
        if (first := shapes.setdefault(pattern_of(source), key)) != key:
            what = f"`{first}` and `{key}` are redirects of the same paths"
            note(problems, toml, ("redirects", key), "EK162", what, help="remove one of them")
            continue
        written[source] = key
        paths[source] = target.path
        rules.append(RedirectRule(source, target.location, entry.status))
    rules.sort(key=specificity)
    patterns = [rule for rule in rules if part_names(rule.source)]
    if len(patterns) > MAX_PATTERNS:
        what = f"there are {len(patterns)} redirects with parts, more than {MAX_PATTERNS}"
        keys = ("redirects", written[patterns[MAX_PATTERNS].source])
        note(problems, toml, keys, "EK160", what, help="write those of one path without a part: they may be many")
        return ()
    _check_pages(rules, written, pages, toml, problems)
    _check_origin(rules, written, origin, toml, problems)
    for circle in find_circles(rules, paths):
        names = " → ".join(f"`{written[rule.source]}`" for rule in (*circle, circle[0]))
        what = f"redirects lead in a circle: {names}"
        note(problems, toml, ("redirects", written[circle[0].source]), "EK164", what, help="let one lead to a page")
    answered = AnsweredPaths(pages, assets, rules, origin)
    for source, path in paths.items():
        if path is not None and not part_names(path) and not answered.answers(path):
            what = f"`{written[source]}` is redirected to `{path}`, which nothing answers{answered.did_you_mean(path)}"
            help = "name the path of a page"
            note(problems, toml, ("redirects", written[source]), "EK801", what, help=help, severity="warning")
    return tuple(rules)


def _check_origin(
    rules: list[RedirectRule], written: Mapping[str, str], origin: Origin | None, toml: TomlFile, problems: Problems
) -> None:
    """What stands before a redirect's first part is all that is known of its paths."""
    for rule in rules:
        start, *rest = PART.split(unquote(rule.source), maxsplit=1)
        for pattern in origin.paths if origin else ():
            if (pattern.endswith("*") or not rest) and matches(unquote(pattern), start):
                what = f"the origin's `{pattern}` hides the redirect of `{written[rule.source]}`"
                help = "remove the redirect, or name fewer paths in `[origin] paths`"
                note(problems, toml, ("redirects", written[rule.source]), "EK169", what, help=help)
                break


def _check_pages(
    rules: list[RedirectRule], written: Mapping[str, str], pages: Collection[Page], toml: TomlFile, problems: Problems
) -> None:
    redirects = Redirects(rules)
    hidden: dict[str, list[str]] = {}
    for page in pages:
        met = redirects.find(page.path)
        if met is not None:
            hidden.setdefault(met.rule.source, []).append(page.path)
    for source, paths in hidden.items():
        what = f"the redirect of `{written[source]}` hides {format_pages(paths)}"
        note(problems, toml, ("redirects", written[source]), "EK163", what, help="remove the redirect, or the page")

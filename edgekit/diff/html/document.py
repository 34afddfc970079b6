"""The report as one file: its head, its policy, and its parts in order, chunk by chunk."""

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

from edgekit.diagnostics.text import escape_control
from edgekit.diff.html.overview import section, show_counts, show_dangers, show_hunks, show_states, show_tables
from edgekit.diff.html.pages import MOST_LISTED, MOST_SHOWN, Pages
from edgekit.diff.plan import Plan
from edgekit.diff.sections import summarise
from edgekit.diff.side import Side
from edgekit.diff.words import count

_HERE: Final = Path(__file__).parent

_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'sha256-{}'"
)
"""Nothing is loaded from anywhere, and no script runs but the report's own.

A frame's document inherits it. Styles are not bound to a digest, since pages bring their own: without a way to load
anything they can do no more than look odd.
"""

_HEAD: Final = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{}</title>
<style>
{}</style>
</head>
<body>
<a class="skip unseen-by-eye" href="#main">Skip to the changes</a>
<header class="top">
<h1>What would change</h1>
{}{}</header>
""")
_NAVIGATION: Final = Markup("<nav aria-label=Contents><ul>{}</ul></nav>\n")
_NOTHING: Final = Markup(
    "<section class=calm><h2>Nothing would change</h2>"
    "<p>Pages, assets, redirects, headers, tiers and settings are as they are.</p></section>\n"
)
_FILTER: Final = Markup("""<form class="filter" role="search" hidden>
<label>Path <input type="search" name="path" autocomplete="off" spellcheck="false" placeholder="/product/"></label>
<label>Kind <select name="kind"><option value="">all<option value="page">pages<option value="island">islands\
<option value="item">items</select></label>
<label>Change <select name="action"><option value="">all<option>added<option>changed<option>removed</select></label>
<output></output>
</form>
<noscript><p class="quiet">Filtering, unfolding and rendered pages need the script of this file.</p></noscript>
""")
_LEGEND: Final = Markup("""<p class="legend quiet">In pages: <b class="slot">{NAME}</b> is filled when somebody asks,
<b class="choice">{?NAME=value}</b> begins one of several alternatives,
<b class="island">&lt;!--INJECT:name--&gt;</b> is an island’s place,
<b class="unseen">U+202E</b> an invisible character.
A rendered page runs and loads nothing: it is what a visitor without scripts sees, with the release’s own style sheets
and small images; of alternatives the first is shown.</p>
""")
_FOOT: Final = Markup("""</main>
<footer class="quiet">Written by edgekit. This file loads nothing and runs no script of the site.</footer>
<script>{}</script>
</body>
</html>
""")


def render_html(plan: Plan, old: Side, new: Side) -> Iterator[str]:
    """The report of a plan, as the chunks of one HTML document; the same plan and sides give the same bytes.

    `old` and `new` are what was compared: their bodies are read while the chunks are taken, and no more than one page's
    are held. Raises whatever `read` raises.
    """
    pages = Pages(plan, old, new)
    style, script = _read("report.css"), _read("report.js")
    policy = _POLICY.format(base64.b64encode(hashlib.sha256(script.encode()).digest()).decode())
    title = escape_control(f"{plan.old.label} → {plan.new.label}")
    lead = Markup("<p class=lead>{}</p>\n").format(summarise(plan)) if plan.differs else ""
    yield _HEAD.format(policy, title, Markup(style), lead, show_states(plan))  # noqa: S704
    tables = list(show_tables(plan))
    yield _navigation(plan, [(name, title, number) for name, title, number, _ in tables])
    yield Markup('<main id="main">\n')
    if plan.differs:
        yield show_counts(plan)
    else:
        yield _NOTHING
    if plan.dangers:
        yield section("dangers", "Look at this first", len(plan.dangers), show_dangers(plan.dangers, pages.link))
    if plan.hunks:
        yield section("text", "Changes of text", plan.all_hunks, show_hunks(plan, pages.link))
    if plan.pages:
        yield from _show_pages(plan, pages)
    for table in tables:
        yield section(*table)
    yield _FOOT.format(Markup(script))  # noqa: S704


def _navigation(plan: Plan, tables: list[tuple[str, str, int]]) -> Markup:
    parts = [
        ("dangers", "Look at this first", len(plan.dangers)),
        ("text", "Changes of text", plan.all_hunks),
        ("pages", "Pages", len(plan.pages)),
        *tables,
    ]
    link = Markup('<li><a href="#{}">{} <span class=number>{:,}</span></a>')
    links = [link.format(*part) for part in parts if part[2]]
    return _NAVIGATION.format(Markup().join(links)) if links else Markup()


def _show_pages(plan: Plan, pages: Pages) -> Iterator[Markup]:
    """A section as `overview.section` makes it, in chunks."""
    number = len(plan.pages)
    yield Markup('<section id="pages" aria-labelledby="pages-title"><h2 id="pages-title">Pages')
    yield Markup(" <span class=number>{:,}</span></h2>\n").format(number)
    if number > MOST_SHOWN:
        yield Markup("<p class=quiet>{}</p>\n").format(
            f"Of up to {count(MOST_SHOWN, 'page')} this report has what they were and are, "
            "those of the dangers and changes above first."
        )
    yield _FILTER + _LEGEND + Markup("<ul class=pages-list>\n")
    yield from pages.show()
    yield Markup("</ul>\n")
    if number > MOST_LISTED:
        yield Markup("<p class=quiet>{} not in this report.</p>\n").format(count(number - MOST_LISTED, "more page"))
    yield Markup("</section>\n")


@cache
def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8")

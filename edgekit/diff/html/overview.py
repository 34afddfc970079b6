"""What a report says beside its pages: what is compared, what is dangerous, and tables of all else."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from markupsafe import Markup

from edgekit.diff.html.marking import show_sentence, show_text
from edgekit.diff.plan import Change, Danger, FieldChange, Hunk, Plan, State
from edgekit.diff.sections import build_sections
from edgekit.diff.words import KEPT, SYMBOLS, count, format_costs, format_prices, format_value, format_where
from edgekit.model.keys import EDGEKIT

MOST_ROWS: Final = 200
"""Rows of a table."""

_MOST_LINKS: Final = 12
"""Pages that a danger names."""

_FIRST_HUNKS: Final = 10
"""Hunks that are open to see; the others can be unfolded."""

Link = Callable[[str], Markup]
"""A page's name, as a link to where the report shows it."""

_SECTION: Final = Markup(
    '<section id="{0}" aria-labelledby="{0}-title"><h2 id="{0}-title">{1}{2}</h2>\n{3}</section>\n'
)
_NUMBER: Final = Markup(" <span class=number>{:,}</span>")
_STATE: Final = Markup("<div class=state><dt>{}</dt><dd><bdi>{}</bdi>{}</dd></div>")
_RELEASE: Final = Markup(' <code title="{}">{}</code>')
_TABLE: Final = Markup(
    '<div class=wide tabindex=0 role=group aria-label="{0}"><table class=facts><caption>{0}</caption>'
    "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>{3}\n"
)
_DANGER: Final = Markup("<li><p>{}</p>{}</li>\n")
_LINES: Final = Markup('<pre class="{0}">{1}<{2} class="{3}">{4}</{2}>{5}</pre>')
_HUNK: Final = Markup("<li class=hunk><p>{}</p><div class=lines>{}</div>{}</li>\n")


_GROUPS: Final = {
    "redirect": "Redirects",
    "header": "Headers",
    "page": "Who may share a page",
    "island": "Who may share an island",
    "slot": "Slots",
}
"""Parts of a manifest that have a table of their own, by the first word of their keys."""

_OTHER: Final = "Other settings"


def section(name: str, title: str, number: int | None, content: Markup) -> Markup:
    """A part of the report with its heading; `name` is what links lead to."""
    return _SECTION.format(name, title, "" if number is None else _NUMBER.format(number), content)


def show_states(plan: Plan) -> Markup:
    """What is compared with what."""
    return Markup("<dl class=states>{}{}</dl>\n").format(
        _show_state("Before", plan.old), _show_state("After", plan.new)
    )


def _show_state(when: str, state: State) -> Markup:
    release = _RELEASE.format(state.release, state.release[:8]) if state.release else " (nothing published)"
    return _STATE.format(when, show_text(state.label, static=True), release)


def show_counts(plan: Plan) -> Markup:
    """The figures of a change, large."""
    pages = [page.action for page in plan.pages]
    written = sum(done.bytes for done in plan.operations)
    figures = [
        *((f"{pages.count(action):,}", f"pages {action}", action) for action in SYMBOLS if action in pages),
        *([(f"{plan.all_hunks:,}", _noun(plan.all_hunks, "change of text", "changes of text"), "")] if pages else []),
        (f"{written:,}", _noun(written, "byte to write", "bytes to write"), ""),
    ]
    return Markup("<ul class=counts>{}</ul>\n").format(
        Markup().join(
            Markup('<li class="{}"><b>{}</b> {}</li>').format(kind, number, what.replace("pages", _noun_of(number)))
            for number, what, kind in figures
        )
    )


def _noun(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def _noun_of(number: str) -> str:
    return "page" if number == "1" else "pages"


def show_dangers(dangers: Sequence[Danger], link: Link) -> Markup:
    """What to look at first, with the pages concerned."""
    return Markup("<ul class=dangers>{}</ul>\n").format(
        Markup().join(
            _DANGER.format(show_sentence(danger.message), _show_pages(danger.pages, link)) for danger in dangers
        )
    )


def _show_pages(paths: Sequence[str], link: Link) -> Markup:
    if not paths:
        return Markup()
    shown = Markup(", ").join(map(link, paths[:_MOST_LINKS]))
    others = len(paths) - _MOST_LINKS
    return Markup("<p class=pages>{}{}</p>").format(shown, f" and {count(others, 'other')}" if others > 0 else "")


def show_hunks(plan: Plan, link: Link) -> Markup:
    """Each change of text once, with where it stands."""
    shown = [_show_hunk(hunk, link) for hunk in plan.hunks]
    first = Markup("<ul class=hunks>{}</ul>").format(Markup().join(shown[:_FIRST_HUNKS]))
    others = Markup()
    if rest := shown[_FIRST_HUNKS:]:
        others = Markup("<details class=more><summary>{} more</summary><ul class=hunks>{}</ul></details>").format(
            len(rest), Markup().join(rest)
        )
    missing = plan.all_hunks - len(shown)
    return first + others + (_left_out(missing, "change") if missing else "")


def _show_hunk(hunk: Hunk, link: Link) -> Markup:
    where = Markup("{} · see {}").format(format_where(hunk), link(hunk.page))
    cut = Markup("<p class=quiet>{} left out</p>").format(count(hunk.cut, "more character")) if hunk.cut else ""
    lines = Markup()
    inside = bool(hunk.before or hunk.after)
    for kind, tag, text in (("gone", "del", hunk.removed), ("come", "ins", hunk.added)):
        if inside or text:
            before, changed, after = (
                show_text(part, static=False) for part in (hunk.before, text.removesuffix("\n"), hunk.after)
            )
            extent = "part" if inside else "whole"
            lines += _LINES.format(kind, before, tag, extent, changed, after)
    return _HUNK.format(where, lines, cut)


def show_tables(plan: Plan) -> Iterator[tuple[str, str, int, Markup]]:
    """The sections after the pages: name, title, number and content of those that have any."""
    settings = [change for change in plan.changes if change.namespace == EDGEKIT and not _is_listed(change)]
    groups: dict[str, list[Change]] = {}
    for change in settings:
        groups.setdefault(_GROUPS.get(change.key.partition(" ")[0], _OTHER), []).append(change)
    tables = [_changes_table(title, groups[title]) for title in (*_GROUPS.values(), _OTHER) if title in groups]
    if tables:
        yield "settings", "Redirects, headers and settings", len(settings), Markup().join(tables)
    if plan.tiers:
        yield "tiers", "Tiers", len(plan.tiers), Markup().join(_tier_tables(plan))
    for listed in build_sections(plan):
        if listed.title in ("Assets", "Users"):
            rows = [(_sign(row.symbol), _code(row.text)) for row in listed.rows[:MOST_ROWS]]
            table = _table(listed.title, ("", listed.noun.capitalize()), rows, len(listed.rows))
            yield listed.title.lower(), listed.title, len(listed.rows), table
    if plan.operations:
        yield "operations", "What publishing does", len(plan.operations), _operations(plan)


def _is_listed(change: Change) -> bool:
    """How a page is answered that comes or goes: the list of pages has it."""
    return change.key.startswith(("page ", "island ")) and change.action != "changed"


def _name(key: str) -> str:
    """A part of the manifest without the word that says of which kind it is, if its table does."""
    kind, _, name = key.partition(" ")
    return name if kind in _GROUPS else key


def _differing(change: Change) -> tuple[Any, Any]:
    """Both values; of two slots what they differ in, of a new or an old one where its value is from."""
    old, new = change.old, change.new
    if change.key.startswith("slot "):
        if old is None or new is None:
            return old and old["from"], new and new["from"]
        fields = [field for field in sorted({*old, *new}) if old.get(field) != new.get(field)]
        return {field: old.get(field) for field in fields}, {field: new.get(field) for field in fields}
    return old, new


def _changes_table(title: str, changes: Sequence[Change]) -> Markup:
    rows = [
        (_sign(SYMBOLS[change.action]), _code(_name(change.key)), *map(_value, _differing(change)))
        for change in changes[:MOST_ROWS]
    ]
    return _table(title, ("", "Key", "Before", "After"), rows, len(changes))


def _tier_tables(plan: Plan) -> Iterator[Markup]:
    for tier in plan.tiers[:MOST_ROWS]:
        title = f"{tier.tier}, {tier.action}" if tier.action else f"{tier.tier}, as it is"
        rows = [
            (
                _sign(SYMBOLS[field.action] if field.action else KEPT),
                _code(field.field),
                _value(field.old) if field.action != "added" else Markup(),
                _value(field.new) if field.action != "removed" else Markup(),
                _note(field),
            )
            for field in tier.fields[:MOST_ROWS]
        ]
        yield _table(title, ("", "Field", "Before", "After", "Note"), rows, len(tier.fields))


def _note(field: FieldChange) -> Markup:
    if field.edit is None:
        return Markup("live field") if field.live else Markup("frozen")
    files = Markup(", the file has {}").format(_value(field.new_file)) if field.new_file is not None else ""
    if field.edit == "kept":
        return Markup("edited in the store, and stays{}").format(files)
    if field.action is None:
        return Markup("edited in the store; the file now says the same")
    return Markup("edited in the store, and <strong>lost</strong>")


def _operations(plan: Plan) -> Markup:
    done = [
        (_code(item.namespace), *map(_figure, (item.puts, item.deletes, item.bodies, item.bytes)))
        for item in plan.operations
    ]
    costs = list(format_costs(plan.costs).items())
    prices = (Markup("<p class=quiet>{}</p>").format(price) for price in format_prices(plan.costs))
    return (
        _table("Operations on each namespace", ("Namespace", "Puts", "Deletes", "New bodies", "Bytes"), done, len(done))
        + _table("What that is on a target", ("Target", "Operations and costs"), costs, len(costs))
        + Markup().join(prices)
    )


def _table(title: str, columns: Iterable[str], rows: Sequence[Iterable[str]], number: int) -> Markup:
    head = Markup().join(Markup("<th scope=col>{}").format(column) for column in columns)
    cells = (Markup().join(Markup("<td>{}").format(cell) for cell in row) for row in rows)
    body = Markup("\n").join(Markup("<tr>{}</tr>").format(row) for row in cells)
    missing = number - len(rows)
    return _TABLE.format(title, head, body, _left_out(missing, "row") if missing else "")


def _left_out(number: int, noun: str) -> Markup:
    return Markup("<p class=quiet>{} not in this report.</p>").format(count(number, f"more {noun}"))


def _sign(symbol: str) -> Markup:
    action = next((action for action in SYMBOLS if SYMBOLS[action] == symbol), "kept")
    return Markup('<span class="sign {0}" title="{0}">{1}</span>').format(action, symbol.replace("-", "−"))


def _code(text: str) -> Markup:
    return Markup("<code><bdi>{}</bdi></code>").format(show_text(text, static=True))


def _value(value: Any) -> Markup:
    match value:
        case None:
            return Markup()
        case {"to": to, "status": status}:
            return Markup("{} {}").format(_code(str(to)), status)
        case {"delivery": delivery, "namespace": _}:
            return _code(str(delivery))
        case str():
            return _code(value if len(value) <= 200 else f"{value[:199]}…")
        case _:
            return _code(format_value(value))


def _figure(number: int) -> Markup:
    return Markup("<span class=figure>{:,}</span>").format(number)

"""The pages of a report: all that changed in one list, and of the most telling ones what they were and are."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Final, NamedTuple

from markupsafe import Markup

from edgekit.diff.fragments import STATIC, Fragments, read_fragments
from edgekit.diff.html.marking import show_text
from edgekit.diff.html.rendered import LARGEST_BODY, Exhibits
from edgekit.diff.html.source import Bodies, show_source
from edgekit.diff.plan import PageChange, Plan
from edgekit.diff.side import Side
from edgekit.diff.words import SYMBOLS, count, format_tiers, name_page

MOST_LISTED: Final = 10_000
"""Pages that a report lists."""

MOST_SHOWN: Final = 100
"""Pages of which it shows what they were and are."""

_MOST_BYTES: Final = 4 * 1024 * 1024
"""Bytes of what they were and are, together."""

_ITEM: Final = Markup('<li id="{}" class="page" data-kind="{}" data-action="{}">{}</li>\n')
_LISTED: Final = Markup("<div class=summary>{}</div>")
_SHOWN: Final = Markup("<details><summary class=summary>{}</summary><div class=entry>{}{}{}</div></details>")
_SUMMARY: Final = Markup(
    '<span class="sign {}" title="{}">{}</span> <bdi class=path>{}</bdi> <bdi class=quiet>{}</bdi>{}'
)
_CHOICE: Final = Markup("<fieldset class=switch><legend>{}</legend>{}</fieldset>")
_OPTION: Final = Markup('<label><input type=radio name="{}" value="{}"{}><span>{}</span></label>')
_PAIR: Final = Markup(
    '<section class=pair data-pair="{}" aria-label="{}"><div class=as-source>{}</div>'
    "<div class=as-rendered hidden>{}{}</div></section>"
)
_FIGURE: Final = Markup("<figure><figcaption>{}</figcaption>{}</figure>")
_FRAME: Final = Markup('<div class=frame data-body="{}" data-title="{}"{}></div>')
_EMPTY: Final = Markup("<p class=nothing>{}</p>")


class _Pair(NamedTuple):
    """A body and what takes its place, by digest, in some tiers; None where there is none."""

    old: str | None
    new: str | None
    was_static: bool
    is_static: bool
    tiers: tuple[str, ...]


class Pages:
    """The pages of one plan, as its report writes them: one by one, so that no more than one is held."""

    def __init__(self, plan: Plan, old: Side, new: Side) -> None:
        self._listed = plan.pages[:MOST_LISTED]
        self._places = {page.path: f"page-{number}" for number, page in enumerate(self._listed, 1)}
        self._before, self._after = _fragments(old), _fragments(new)
        self._exhibits = Exhibits(old, new)
        self._chosen = set(islice(_most_telling_first(plan, self._places), MOST_SHOWN))
        self._left = _MOST_BYTES

    def link(self, path: str) -> Markup:
        """A page's name, as a link to its place in the list if it has one."""
        name = show_text(name_page(path), static=True)
        place = self._places.get(path)
        return Markup('<a href="#{}">{}</a>').format(place, name) if place else Markup("<span>{}</span>").format(name)

    def show(self) -> Iterator[Markup]:
        """The items of the list, each with the data of its frames."""
        for page in self._listed:
            yield from self._show_page(page)

    def _show_page(self, page: PageChange) -> Iterator[Markup]:
        place = self._places[page.path]
        pairs: list[_Pair] = []
        shown: list[Markup] = []
        note = ""
        for pair in self._find_pairs(page.path):
            bodies = self._read(pair)
            size = len(bodies.old or b"") + len(bodies.new or b"")
            if size > self._left:
                note = "more than this report takes"
                continue
            self._left -= size
            yield from self._show_data(pair, bodies)
            shown.append(_show_pair(len(pairs), page.path, pair, bodies))
            pairs.append(pair)
        summary = _show_summary(page, note)
        if shown:
            content = _SHOWN.format(summary, _choose_tiers(place, pairs), _choose_view(place), Markup().join(shown))
        else:
            content = _LISTED.format(summary)
        yield _ITEM.format(place, page.kind, page.action, content)

    def _find_pairs(self, path: str) -> list[_Pair]:
        if path not in self._chosen:
            return []
        return _find_pairs(self._before.get(path, {}), self._after.get(path, {}))

    def _read(self, pair: _Pair) -> Bodies:
        old, new = (None if digest is None else self._exhibits.read(digest) for digest in (pair.old, pair.new))
        return Bodies(old, new, pair.was_static, pair.is_static)

    def _show_data(self, pair: _Pair, bodies: Bodies) -> Iterator[Markup]:
        for digest, body in ((pair.old, bodies.old), (pair.new, bodies.new)):
            if digest is not None and body is not None:
                yield from self._exhibits.show(digest, body)


def _fragments(side: Side) -> Fragments:
    return read_fragments(side.pack.index if side.pack else ())


def _most_telling_first(plan: Plan, listed: Mapping[str, str]) -> Iterator[str]:
    """Each page once: the first ones of each danger, then those that a shown hunk is from, then all others."""
    paths: Iterable[str] = chain(
        (path for danger in plan.dangers for path in danger.pages[:10]),
        (hunk.page for hunk in plan.hunks),
        (page.path for page in plan.pages),
    )
    return (path for path in dict.fromkeys(paths) if path in listed)


def _find_pairs(old: Mapping[str, str], new: Mapping[str, str]) -> list[_Pair]:
    """What takes the place of what, once for all tiers in which it does; by the first tier."""
    was_static, is_static = STATIC in old, STATIC in new
    tiers = sorted({*old, *new})
    if len(tiers) > 1 and (was_static or is_static):
        tiers.remove(STATIC)  # each tier is compared with what is the same for all
    found: dict[tuple[str | None, str | None], list[str]] = {}
    for tier in tiers:
        one, other = old.get(STATIC if was_static else tier), new.get(STATIC if is_static else tier)
        if one != other:
            found.setdefault((one, other), []).append(tier)
    return [_Pair(one, other, was_static, is_static, tuple(tiers)) for (one, other), tiers in found.items()]


def _show_summary(page: PageChange, note: str) -> Markup:
    sign = SYMBOLS[page.action].replace("-", "−")
    end = Markup(" <span class=quiet>({})</span>").format(note) if note else ""
    path = show_text(name_page(page.path), static=True)
    return _SUMMARY.format(page.action, page.action, sign, path, format_tiers(page), end)


def _name_tiers(tiers: tuple[str, ...]) -> str:
    return ", ".join(tier or "everybody" for tier in tiers)


def _choose_tiers(place: str, pairs: list[_Pair]) -> Markup:
    options = (
        _OPTION.format(f"{place}-pair", number, Markup(" checked") if number == 0 else "", _name_tiers(pair.tiers))
        for number, pair in enumerate(pairs)
    )
    return _CHOICE.format("For", Markup().join(options))


def _choose_view(place: str) -> Markup:
    source = _OPTION.format(f"{place}-view", "source", Markup(" checked"), "source")
    return _CHOICE.format("As", source + _OPTION.format(f"{place}-view", "rendered", "", "rendered page"))


def _show_pair(number: int, path: str, pair: _Pair, bodies: Bodies) -> Markup:
    title = f"{name_page(path)} for {_name_tiers(pair.tiers)}"
    return _PAIR.format(
        number,
        title,
        show_source(title, bodies),
        _show_frame("Before", title, pair.old, bodies.old, static=pair.was_static),
        _show_frame("After", title, pair.new, bodies.new, static=pair.is_static),
    )


def _show_frame(when: str, title: str, digest: str | None, body: bytes | None, *, static: bool) -> Markup:
    if body is None:
        return _FIGURE.format(when, _EMPTY.format("There is no such page."))
    if len(body) > LARGEST_BODY:
        return _FIGURE.format(when, _EMPTY.format(f"{count(len(body), 'byte')} are too much to show here."))
    tokens = "" if static else Markup(" data-tokens")
    return _FIGURE.format(when, _FRAME.format(digest, f"{when}: {title}", tokens))

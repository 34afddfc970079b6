"""A plan in sections, as an author reads it: redirects, headers, assets, tiers, slots, settings, users, pages."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from edgekit.diff.plan import Change, FieldChange, PageChange, Plan, TierChange
from edgekit.diff.words import KEPT, SYMBOLS, count, format_tiers, format_value, name_page, shorten
from edgekit.model.keys import ASSETS, EDGEKIT, USER_SEGMENTS

_ASSET: Final = re.compile(r"(?P<name>.*)\.(?P<hash>[0-9a-f]{8})(?P<suffix>\.[^./]*)?")
"""The URL of an asset: its name, and in it a hash of its content."""


class Row(NamedTuple):
    """One thing that differs; `fields` are the rows below it."""

    symbol: str
    text: str
    fields: tuple["Row", ...] = ()


class Section(NamedTuple):
    """Rows below a title; `noun` is what one of them is."""

    title: str
    noun: str
    rows: tuple[Row, ...]


def build_sections(plan: Plan) -> tuple[Section, ...]:
    """The sections that have any rows, pages last."""
    parts = [change for change in plan.changes if change.namespace == EDGEKIT]
    pages = [Row(SYMBOLS[page.action], _page(page.path, format_tiers(page))) for page in plan.pages]
    sections = (
        Section("Redirects", "redirect", tuple(_redirects(parts))),
        Section("Headers", "header", tuple(_headers(parts))),
        Section("Assets", "asset", tuple(_assets(change for change in plan.changes if change.namespace == ASSETS))),
        Section("Tiers", "tier", tuple(map(_tier, plan.tiers))),
        Section("Slots", "slot", tuple(_slots(parts))),
        Section("Settings", "setting", tuple(_settings(parts))),
        Section("Users", "user", tuple(_users(change for change in plan.changes if change.namespace == USER_SEGMENTS))),
        Section("Pages", "page", tuple(pages)),
    )
    return tuple(section for section in sections if section.rows)


def summarise(plan: Plan) -> str:
    """The line that counts: `3 pages changed, 1 redirect; 2 dangers`."""
    parts = [_count_pages(plan.pages)]
    for section in build_sections(plan):
        changed = [row for row in section.rows if row.symbol != KEPT]
        if changed and section.noun != "page":
            parts.append(count(len(changed), section.noun))
    dangers = f"; {count(len(plan.dangers), 'danger')}" if plan.dangers else ""
    return ", ".join(parts) + dangers


def _count_pages(pages: Sequence[PageChange]) -> str:
    actions = [page.action for page in pages]
    counted = [(actions.count(action), action) for action in SYMBOLS if action in actions]
    if not counted:
        return "no page changed"
    (number, action), *rest = counted
    return ", ".join([f"{count(number, 'page')} {action}", *(f"{number:,} {action}" for number, action in rest)])


def _page(path: str, tiers: str) -> str:
    return f"{name_page(path)}  {tiers}" if tiers else name_page(path)


def _redirects(parts: Iterable[Change]) -> Iterator[Row]:
    for change in parts:
        if change.key.startswith("redirect "):
            source = change.key.removeprefix("redirect ")
            rules = [f"{rule['to']} ({rule['status']})" for rule in (change.new, change.old) if rule is not None]
            was = f", was {rules[1]}" if len(rules) > 1 else ""
            yield Row(SYMBOLS[change.action], f"{source} → {rules[0]}{was}")


def _headers(parts: Iterable[Change]) -> Iterator[Row]:
    for change in parts:
        if change.key.startswith("header "):
            pattern, _, name = change.key.removeprefix("header ").rpartition(" ")
            yield Row(SYMBOLS[change.action], f"{pattern}  {name}: {_became(change)}")


def _slots(parts: Iterable[Change]) -> Iterator[Row]:
    for change in parts:
        if change.key.startswith("slot "):
            old, new = change.old or {}, change.new or {}
            name = change.key.removeprefix("slot ")
            if change.action != "changed":
                yield Row(SYMBOLS[change.action], f"{name}: {(new or old)['from']}")
                continue
            fields = ((key, old.get(key), new.get(key)) for key in sorted({*old, *new}))
            changed = (f"{key}: {format_value(was)} → {format_value(now)}" for key, was, now in fields if was != now)
            yield Row(SYMBOLS["changed"], name, tuple(Row(SYMBOLS["changed"], text) for text in changed))


def _settings(parts: Iterable[Change]) -> Iterator[Row]:
    """What stands in the manifest beside redirects, headers, slots, pages and islands."""
    for change in parts:
        if not change.key.startswith(("redirect ", "header ", "slot ", "page ", "island ")):
            yield Row(SYMBOLS[change.action], f"{change.key}: {_became(change)}")


def _became(change: Change | FieldChange) -> str:
    if change.action == "changed":
        return f"{format_value(change.old)} → {format_value(change.new)}"
    return format_value(change.new if change.action == "added" else change.old)


def _assets(changes: Iterable[Change]) -> Iterator[Row]:
    """Assets by their names: a file that changed has another URL, so that one is added and one removed."""
    hashes: dict[str, dict[str, list[str]]] = {}
    for change in changes:
        match = _ASSET.fullmatch(change.key)
        name, hash = (match["name"] + (match["suffix"] or ""), match["hash"]) if match else (change.key, "")
        hashes.setdefault(name, {}).setdefault(change.action, []).append(hash)
    for name in sorted(hashes):
        found = {action: ", ".join(filter(None, each)) for action, each in hashes[name].items()}
        if "added" in found and "removed" in found:
            yield Row(SYMBOLS["changed"], f"{name}  {found['removed']} → {found['added']}")
        else:
            yield from (Row(SYMBOLS[action], f"{name}  {found[action]}") for action in SYMBOLS if action in found)


def _tier(tier: TierChange) -> Row:
    symbol = KEPT if tier.action is None else SYMBOLS[tier.action]
    return Row(symbol, tier.tier, tuple(map(_field, tier.fields)))


def _field(field: FieldChange) -> Row:
    if field.edit == "kept":
        why = f"edited in the store, and stays; the file has {format_value(field.new_file)}"
        return Row(KEPT, f"{field.field}: {format_value(field.new)} ({why})")
    live = "" if field.live else " (frozen)"
    if field.action is None:
        return Row(KEPT, f"{field.field}: {format_value(field.new)} (edited in the store; the file now says the same)")
    lost = f" (edited in the store; the file had {format_value(field.old_file)})" if field.edit == "dropped" else ""
    return Row(SYMBOLS[field.action], f"{field.field}: {_became(field)}{lost or live}")


def _users(changes: Iterable[Change]) -> Iterator[Row]:
    return (Row(SYMBOLS[change.action], shorten(change.key)) for change in changes)

"""A plan in sections, as an author reads it: redirects, headers, assets, tiers, slots, settings, users, pages."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from edgekit.diff.plan import Change, FieldChange, Plan, TierChange
from edgekit.diff.words import KEPT, SYMBOLS, format_tiers, format_value, is_setting, name_page, shorten
from edgekit.model.keys import ASSETS, EDGEKIT, USER_SEGMENTS

_ASSET: Final = re.compile(r"(?P<name>.*)\.(?P<hash>[0-9a-f]{8})(?P<suffix>\.[^./]*)?")
"""The URL of an asset: its name, and in it a hash of its content."""


class Row(NamedTuple):
    """One thing that differs; `fields` are the rows below it."""

    symbol: str
    text: str
    fields: tuple["Row", ...] = ()


class Section(NamedTuple):
    title: str
    rows: tuple[Row, ...]


def build_sections(plan: Plan) -> tuple[Section, ...]:
    """The sections that have any rows, pages last."""
    parts = [change for change in plan.changes if change.namespace == EDGEKIT]
    sections = (
        Section("Redirects", tuple(_redirects(parts))),
        Section("Headers", tuple(_headers(parts))),
        Section("Assets", tuple(_assets(change for change in plan.changes if change.namespace == ASSETS))),
        Section("Tiers", tuple(map(_tier, plan.tiers))),
        Section("Slots", tuple(_values(parts, "slot "))),
        Section("Settings", tuple(_values(filter(_is_plain, parts), ""))),
        Section("Users", tuple(_users(change for change in plan.changes if change.namespace == USER_SEGMENTS))),
        Section("Pages", tuple(Row(SYMBOLS[page.action], _page(page.path, format_tiers(page))) for page in plan.pages)),
    )
    return tuple(section for section in sections if section.rows)


def _page(path: str, tiers: str) -> str:
    return f"{name_page(path)}  {tiers}" if tiers else name_page(path)


def _is_plain(change: Change) -> bool:
    return is_setting(change.key) and not change.key.startswith(("redirect ", "header ", "slot "))


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


def _values(parts: Iterable[Change], prefix: str) -> Iterator[Row]:
    for change in parts:
        if change.key.startswith(prefix):
            yield Row(SYMBOLS[change.action], f"{change.key.removeprefix(prefix)}: {_became(change)}")


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
    lost = ""
    if field.edit == "dropped":
        lost = f" (the live edit is lost; its file had {format_value(field.old_file)})"
    symbol = KEPT if field.action is None else SYMBOLS[field.action]
    text = _became(field) if field.action else format_value(field.new)
    return Row(symbol, f"{field.field}: {text}{lost or live}")


def _users(changes: Iterable[Change]) -> Iterator[Row]:
    return (Row(SYMBOLS[change.action], shorten(change.key)) for change in changes)

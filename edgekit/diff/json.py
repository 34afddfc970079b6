"""A plan as programs read it: the JSON form of the contract, sections 9 and 12, and its schema."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from edgekit.diff.plan import Action, Cost, Danger, FieldChange, Hunk, Operations, PageChange, Plan, State
from edgekit.model.keys import SEGMENT_CONFIG, Namespace

VERSION: Final = 1

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


class Entry(msgspec.Struct, frozen=True):
    """A key that differs.

    `old` and `new` are digests of bodies, or what the manifest has; neither stands with users. `fields` are those of a
    tier's configuration.
    """

    namespace: Namespace
    key: str
    old: Any | UnsetType = UNSET
    new: Any | UnsetType = UNSET
    fields: tuple[FieldChange, ...] | UnsetType = UNSET


class KeptEdit(msgspec.Struct, frozen=True):
    """A live edit that stays where the configuration does: its value and the file's."""

    tier: str
    field: str
    value: Any
    file: Any


class Document(msgspec.Struct, frozen=True):
    """A plan. `hunks` are the most frequent of `all_hunks`."""

    version: int
    old: State
    new: State
    added: tuple[Entry, ...]
    changed: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    kept_edits: tuple[KeptEdit, ...]
    dangers: tuple[Danger, ...]
    pages: tuple[PageChange, ...]
    hunks: tuple[Hunk, ...]
    all_hunks: int
    operations: tuple[Operations, ...]
    costs: tuple[Cost, ...]


def build_json(plan: Plan) -> dict[str, Any]:
    """The plan, JSON-able; each list sorted by namespace and key, pages by path, hunks by how often they stand."""
    document = Document(
        version=VERSION,
        old=plan.old,
        new=plan.new,
        added=_entries(plan, "added"),
        changed=_entries(plan, "changed"),
        removed=_entries(plan, "removed"),
        kept_edits=tuple(
            KeptEdit(tier.tier, field.field, field.new, field.new_file)
            for tier in plan.tiers
            for field in tier.fields
            if field.edit == "kept"
        ),
        dangers=plan.dangers,
        pages=plan.pages,
        hunks=plan.hunks,
        all_hunks=plan.all_hunks,
        operations=plan.operations,
        costs=plan.costs,
    )
    built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))  # with lists, as JSON has them
    return built


def build_schema() -> dict[str, Any]:
    """The JSON Schema of what `build_json` gives, JSON-able."""
    (root,), components = msgspec.json.schema_components([Document], ref_template="#/$defs/{name}")
    return {"$schema": _DRAFT, "title": "edgekit diff", **root, "$defs": components}


def _entries(plan: Plan, action: Action) -> tuple[Entry, ...]:
    entries = [
        Entry(
            change.namespace,
            change.key,
            UNSET if action == "added" or _is_user(change.namespace) else change.old,
            UNSET if action == "removed" or _is_user(change.namespace) else change.new,
        )
        for change in plan.changes
        if change.action == action
    ]
    entries += [
        Entry(SEGMENT_CONFIG, tier.tier, fields=tuple(field for field in tier.fields if field.action))
        for tier in plan.tiers
        if tier.action == action
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.namespace, entry.key)))


def _is_user(namespace: Namespace) -> bool:
    return namespace == "USER_SEGMENTS"

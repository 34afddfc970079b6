"""The tiers' configurations as pages get them, and what becomes of live edits."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from edgekit.diff.plan import Action, EditOutcome, FieldChange, TierChange
from edgekit.diff.side import Side
from edgekit.fragment.edits import Edits, effective_config, live_slots, unchanged_edits, usable_edits
from edgekit.model.manifest import Manifest

canonical = msgspec.json.Encoder(order="sorted").encode
"""1, 1.0 and true are three values."""

Configs = Mapping[str, Mapping[str, Any]]
"""Fields and values by tier."""


def compare_tiers(old: Side, new: Side) -> tuple[TierChange, ...]:
    """The tiers whose configuration differs, or has live edits that the new side is to keep or drop; sorted."""
    before, after = own_edits(old), _edits_after(old, new)
    configs, new_configs = effective_configs(old, before), effective_configs(new, after)
    changes = []
    for tier in sorted({*configs, *new_configs}):
        outcomes: dict[str, EditOutcome] = {}
        if new.edits is None:
            outcomes = {field: "kept" if field in after.get(tier, {}) else "dropped" for field in before.get(tier, {})}
        fields = tuple(
            FieldChange(
                field=field,
                action=action,
                live=any(side.pack and field in live_slots(side.pack.manifest) for side in (old, new)),
                old=configs.get(tier, {}).get(field),
                new=new_configs.get(tier, {}).get(field),
                old_file=_in_file(old, before, tier, field),
                new_file=_in_file(new, after, tier, field),
                edit=outcomes.get(field),
            )
            for field, action in _compare(configs.get(tier, {}), new_configs.get(tier, {}))
            if action is not None or field in outcomes
        )
        of_tier: Action | None = "changed" if any(field.action for field in fields) else None
        of_tier = "added" if tier not in configs else "removed" if tier not in new_configs else of_tier
        if of_tier is not None or fields:
            changes.append(TierChange(tier, of_tier, fields))
    return tuple(changes)


def own_edits(side: Side) -> Mapping[str, Edits]:
    """The edits of a side that count in its release, by tier."""
    if side.pack is None:
        return {}
    return _usable(side.pack.manifest, side.edits or {})


def _edits_after(old: Side, new: Side) -> Mapping[str, Edits]:
    """The edits that count on the new side: its own, or for a site those of the old side that a build keeps."""
    if new.edits is not None or new.pack is None:
        return own_edits(new)
    kept = _usable(new.pack.manifest, old.edits or {})
    return {tier: unchanged_edits(edits, new.pack.manifest.segments[tier]) for tier, edits in kept.items()}


def _usable(manifest: Manifest, edits: Mapping[str, Edits]) -> Mapping[str, Edits]:
    return {tier: usable_edits(manifest, tier, edits[tier]) for tier in edits if tier in manifest.segments}


def effective_configs(side: Side, edits: Mapping[str, Edits]) -> Configs:
    """What the store's SEGMENT_CONFIG holds with these edits."""
    files = side.pack.manifest.segments if side.pack else {}
    return {tier: effective_config(fields, edits.get(tier, {})) for tier, fields in files.items()}


def configs_after(old: Side, new: Side) -> Configs:
    """What SEGMENT_CONFIG holds when the new side has taken the old one's place."""
    return effective_configs(new, _edits_after(old, new))


def _compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Action | None]]:
    for field in sorted({*old, *new}):
        if field not in old:
            yield field, "added"
        elif field not in new:
            yield field, "removed"
        else:
            yield field, None if canonical(old[field]) == canonical(new[field]) else "changed"


def _in_file(side: Side, edits: Mapping[str, Edits], tier: str, field: str) -> Any:
    if side.pack is None or field not in edits.get(tier, {}):
        return None
    return side.pack.manifest.segments[tier].get(field)

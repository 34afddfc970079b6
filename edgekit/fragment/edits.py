"""Live edits: changes of a tier's live fields in a store, with the value that the site's file had at the time."""

from collections.abc import Mapping
from typing import Any

import msgspec

from edgekit.fragment.values import accept
from edgekit.model.manifest import Manifest
from edgekit.model.slot import Slot


class LiveEdit(msgspec.Struct, frozen=True):
    """A field's value, and the value that the site's file had at the time."""

    value: Any
    base: Any


Edits = dict[str, LiveEdit]

_canonical = msgspec.json.Encoder(order="sorted").encode


def live_slots(manifest: Manifest) -> dict[str, Slot]:
    """The live fields: field → its slot."""
    return {slot.field: slot for slot in manifest.slots.values() if slot.root == "segment"}


def usable_edits(manifest: Manifest, tier: str, edits: Edits) -> Edits:
    """The edits whose field is live in this release and may still have the value."""
    slots = live_slots(manifest)
    file = manifest.segments[tier]
    return {
        field: edit
        for field, edit in edits.items()
        if field in slots and field in file and accept(slots[field], edit.value) is not None
    }


def unchanged_edits(edits: Edits, file: Mapping[str, Any]) -> Edits:
    """The edits whose field the file has not changed since: 1, 1.0 and true are three values."""
    return {field: edit for field, edit in edits.items() if _canonical(edit.base) == _canonical(file.get(field))}


def effective_config(file: Mapping[str, Any], edits: Edits) -> dict[str, Any]:
    return {**file, **{field: edit.value for field, edit in edits.items()}}

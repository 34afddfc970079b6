"""A tier's configuration in the store: read, its live fields edited, and reset to what the site's file says."""

from collections.abc import Mapping
from typing import Any

import msgspec

from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.diagnostics.suggest import did_you_mean
from edgekit.fragment.edits import LiveEdit, effective_config, live_slots, usable_edits
from edgekit.fragment.values import Value, accept, describe_values
from edgekit.kv.live import read_edits, write_edits
from edgekit.kv.record import decode_record, encode_record, expiry
from edgekit.kv.releases import current_manifest
from edgekit.kv.store import LmdbStore
from edgekit.kv.transaction import LmdbSnapshot, WriteTransaction
from edgekit.model.keys import PAGE_TPL, SEGMENT_CONFIG
from edgekit.model.manifest import Manifest
from edgekit.model.slot import Slot


class SegmentConfig(msgspec.Struct, frozen=True):
    """A tier's configuration as pages get it.

    `edited` maps each live field with a live edit to the value in the site's file; `expires` is in Unix seconds.
    """

    tier: str
    config: dict[str, Any]
    edited: dict[str, Any]
    expires: int


def get_segment(store: LmdbStore, tier: str) -> SegmentConfig:
    """Raises EK438 (no such tier), EK439 (damaged)."""
    with store.snapshot() as snapshot:
        manifest = _manifest(snapshot, tier)
        try:
            expires, config = decode_record(snapshot.get(SEGMENT_CONFIG, tier) or b"")
        except ValueError:
            raise failure(
                "EK439",
                f"the configuration of tier `{tier}` is damaged",
                help=f"`edgekit segments reset {tier}` or a build writes it again",
                status=1,
            ) from None
        edits = usable_edits(manifest, tier, read_edits(snapshot, tier))
    return SegmentConfig(tier, config, {field: manifest.segments[tier].get(field) for field in edits}, expires)


def put_segment(store: LmdbStore, tier: str, values: Mapping[str, str], now: float) -> None:
    """Edit live fields, all or none (`values` are texts; an integer slot's becomes a number), and renew the expiry.

    Raises EK438 (no such tier), EK440 (no live field), EK441 (a value the slot does not take), EK422.
    """
    with store.write() as txn:
        manifest = _manifest(txn, tier)
        slots = live_slots(manifest)
        edits = read_edits(txn, tier)
        file = manifest.segments[tier]
        for field, text in values.items():
            if field not in slots:
                raise _not_live(txn, manifest, tier, field)
            edits[field] = LiveEdit(_parse_value(slots[field], text), file.get(field))
        write_edits(txn, tier, edits)
        _write_config(txn, manifest, tier, now)


def reset_segment(store: LmdbStore, tier: str, now: float) -> None:
    """Forget a tier's live edits: what the site's file said at the last build holds again. Raises EK438."""
    with store.write() as txn:
        manifest = _manifest(txn, tier)
        write_edits(txn, tier, {})
        _write_config(txn, manifest, tier, now)


def _write_config(txn: WriteTransaction, manifest: Manifest, tier: str, now: float) -> None:
    config = effective_config(manifest.segments[tier], usable_edits(manifest, tier, read_edits(txn, tier)))
    record = encode_record(f"tier `{tier}`", config, expiry(now, manifest.ttl.segment))
    txn.put(SEGMENT_CONFIG, tier, record)


def _manifest(reader: LmdbSnapshot | WriteTransaction, tier: str) -> Manifest:
    manifest = current_manifest(reader)
    tiers = manifest.segments if manifest else {}
    if manifest is None or tier not in tiers:
        known = ", ".join(f"`{name}`" for name in sorted(tiers)) or "none"
        raise failure(
            "EK438",
            f"there is no tier `{tier}`{did_you_mean(tier, tiers)}",
            help=f"the store has: {known}; a build adds tiers",
            status=1,
        )
    return manifest


def _not_live(txn: WriteTransaction, manifest: Manifest, tier: str, field: str) -> EdgekitError:
    if field not in manifest.segments[tier]:
        known = live_slots(manifest)
        return failure(
            "EK440",
            f"tier `{tier}` has no field `{field}`{did_you_mean(field, known)}",
            help=f"live fields are {', '.join(f'`{name}`' for name in sorted(known)) or 'none'}",
        )
    count = sum(key.endswith(f":{tier}".encode()) for key, _ in txn.scan(PAGE_TPL))
    return failure(
        "EK440",
        f"the field `{field}` of tier `{tier}` is frozen: its value is part of the compiled pages",
        help=f"change it in `segments/{tier}.toml` and build, which compiles the tier's {count:,} fragments again; "
        f'or make it live with a slot `from = "segment.{field}"`',
    )


def _parse_value(slot: Slot, text: str) -> Value:
    value: Value = text
    if slot.type == "integer":
        digits = text.removeprefix("-")
        # 16 digits: as many as 2^53 has; int() would take spaces, `_` and other scripts' digits.
        value = int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 16 else text
    if accept(slot, value) is None:
        near = did_you_mean(text[:60], slot.choices)
        message = f"`{slot.field}` takes {describe_values(slot)}, not `{text[:60]}`{near}"
        raise failure("EK441", message, help="give such a value")
    return value

"""`user`, `segment` and `request` as a trace sees them: slots opaque, all else frozen, reads noted."""

import sys
from typing import Any

from edgekit.compiler.opaque import Fields, OpaqueSlot, Placed, Rope
from edgekit.compiler.run import Run, find_location
from edgekit.diagnostics.suggest import suggest
from edgekit.model.slot import KNOWN, Slot
from edgekit.project.site import Site

_GROUPS = ("query", "cookie", "header")


def trace_fields(site: Site, tier: str, run: Run) -> dict[str, Any]:
    """The render variables `user`, `segment` and `request` for a tier."""
    slots: dict[str, OpaqueSlot] = {}
    shown = site.shown_by_lists()
    by_source = {slot.source: slot for slot in site.slots.values()}

    def read_list(slot: Slot) -> Rope:
        """Items come as markup."""
        if run.page.island in shown:
            what = "a list slot stands in what list slots show: an item, or a default island"
            help = "put it into the page, or into an island that no list slot names"
            raise run.refuse("EK609", f"`{slot.source}`", what, help, slot.field)
        return Rope(run, [Placed(slot, "", find_location(sys._getframe(2)))], markup=True)

    def read_slot(source: str) -> OpaqueSlot | Rope | str | bool:
        slot = by_source[source]
        run.read_slot(slot)
        if slot.choices:
            return run.choose(slot)
        if slot.island:
            return read_list(slot)
        if source not in slots:
            slots[source] = OpaqueSlot(run, slot)
        return slots[source]

    def namespace(name: str, frozen: dict[str, Any], nested: dict[str, Fields] | None = None) -> Fields:
        nested = nested or {}
        declared = [source.removeprefix(f"{name}.") for source in by_source if source.startswith(f"{name}.")]
        known = tuple(dict.fromkeys([*declared, *frozen, *nested]))

        def read(field: str) -> Any:
            source = f"{name}.{field}"
            if source in by_source:
                return read_slot(source)
            if field in frozen:
                run.read_tier(source)
                return frozen[field]
            if field in nested:
                return nested[field]
            what, help = "it is not declared", _declare_help(name, field)
            having = [tier for tier, fields in site.tiers.items() if field in fields] if name == "segment" else []
            if having:
                what = f"not every tier has it, only {' and '.join(f'`{tier}`' for tier in having)}"
            elif near := suggest(field, known):
                what, help = f"{what}; did you mean `{near}`?", f"write `{name}.{near}`, or {help}"
            raise run.refuse("EK208", f"`{source}`", what, help, field)

        return Fields(run, name, known, read)

    groups = {group: namespace(f"request.{group}", {}) for group in _GROUPS}
    return {
        "user": namespace("user", {"tier": tier}),
        "segment": namespace("segment", dict(site.tiers[tier])),
        "request": namespace("request", {}, groups),
    }


def _declare_help(name: str, field: str) -> str:
    slot = "".join(c if c.isalnum() else "_" for c in field.upper()).lstrip("_0123456789") or "NAME"
    declare = f'declare it in edgekit.toml: `[slots.{slot}]` with `from = "{name}.{field}"`'
    if name == "segment":
        return f"write `{field}` in every file of `segments/`, or {declare} for a live field"
    if name == "request" and field not in ("path", "host"):
        return (
            "declare a slot in edgekit.toml whose `from` is `request.path`, `request.host`, `request.query.<name>`, "
            "`request.cookie.<name>` or `request.header.<name>`, and write that"
        )
    return declare if f"{name}.{field}" == KNOWN else f"{declare}, `default` and `max_length`"

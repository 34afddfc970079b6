"""Delivery classes, inferred from what the trace read: section 6 of the contract."""

from collections.abc import Iterable
from typing import Final

from edgekit.compiler.opaque import Placed
from edgekit.compiler.run import Location
from edgekit.compiler.trace import Traced
from edgekit.model.manifest import Delivery

ORDER: Final[tuple[Delivery, ...]] = ("static", "segment", "user")
"""From what everybody may share to what nobody may."""


def infer_delivery(traced: Traced) -> Delivery:
    """The class of what one render read; a read that printed nothing counts."""
    roots = {slot.root for slot in traced.slots.values()}
    if roots & {"user", "request"}:
        return "user"
    return "segment" if traced.reads_tier or roots else "static"


def find_reason(variants: Iterable[Traced], delivery: Delivery) -> tuple[str, Location | None]:
    """What gives a page its class, in words, and the template line that prints it, where one does."""
    roots = {"user": ("user", "request"), "segment": ("segment",), "static": ()}[delivery]
    sources = []
    for variant in variants:
        for piece in variant.pieces:
            if type(piece) is Placed and piece.slot.root in roots:
                return f"`{piece.slot.source}`", piece.location
        sources += [source for source, slot in variant.slots.items() if slot.root in roots]
    return (f"`{min(sources)}`", None) if sources else (READS[delivery], None)


def strictest(classes: Iterable[Delivery]) -> Delivery:
    """The class of a page whose tiers have these: the one that fewest may share."""
    return max(classes, key=ORDER.index)


def exceeds(delivery: Delivery, asserted: Delivery) -> bool:
    """Whether a page reads more than its `delivery` says."""
    return ORDER.index(delivery) > ORDER.index(asserted)


READS: Final[dict[Delivery, str]] = {
    "static": "nothing",
    "segment": "the tier or a field of `segment`",
    "user": "a field of `user` or `request`",
}
"""What a page of a class reads, in words."""

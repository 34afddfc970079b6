"""What operations are on each target, and what they cost there.

Prices are of the provider's own page, read on the day that `AS_OF` says. They are for this one change; serving it is
`edgekit estimate`'s business.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from edgekit.diff.bodies import Bodies
from edgekit.diff.plan import Change, Cost, CostKind, Operations
from edgekit.model.keys import INDEX_NAMESPACES

SOURCE: Final = "https://developers.cloudflare.com/kv/platform/pricing/"
AS_OF: Final = "2026-11-23"

_WRITE: Final = 5 / 1_000_000
"""Dollars to write a key of Workers KV, or to delete one, beyond the first million of a month."""

_STORE: Final = 0.50 / 1_000_000_000
"""Dollars to keep a byte for a month, beyond the first gigabyte."""

_FREE_WRITES: Final = 1_000
"""Writes a day, and as many deletes, of the free plan."""


def price_operations(operations: Iterable[Operations], changes: Iterable[Change], bodies: Bodies) -> tuple[Cost, ...]:
    """What the operations are on Workers KV and on Redis; nothing if there are none.

    Workers KV keeps each body under a key of its own, also one that tiers share, and deletes what was replaced when the
    old release is pruned.
    """
    operations = tuple(operations)
    if not operations:
        return ()
    return (*_cloudflare(operations, tuple(changes), bodies), *_redis(operations))


def _cloudflare(operations: tuple[Operations, ...], changes: tuple[Change, ...], bodies: Bodies) -> Iterator[Cost]:
    pages = [change for change in changes if change.namespace in INDEX_NAMESPACES]
    writes = sum(done.puts for done in operations)
    replaced = sum(change.action == "changed" for change in pages)
    deletes = sum(done.deletes for done in operations) + replaced
    records = sum(done.bytes for done in operations if done.namespace not in INDEX_NAMESPACES)
    size = records + sum(bodies.size(change.new) for change in pages if change.action != "removed")
    million = "$5.00 a million writes or deletes, of which a month includes the first"
    yield from _kv("writes", writes, writes * _WRITE, million)
    yield from _kv("deletes", deletes, deletes * _WRITE, million)
    yield from _kv("bytes", size, size * _STORE, "$0.50 a gigabyte and month, of which the first is included")
    days = -(-max(writes, deletes) // _FREE_WRITES)
    yield from _kv("free_days", days, None, "the free plan takes 1,000 writes and 1,000 deletes a day")


def _kv(what: CostKind, amount: int, dollars: float | None, price: str) -> Iterator[Cost]:
    if amount:
        # A write costs five millionths of a dollar, so nothing is lost.
        yield Cost("cloudflare", what, amount, None if dollars is None else round(dollars, 6), price, SOURCE, AS_OF)


def _redis(operations: tuple[Operations, ...]) -> Iterator[Cost]:
    yield Cost("redis", "commands", sum(done.puts + done.deletes + done.bodies for done in operations))
    yield Cost("redis", "bytes", sum(done.bytes for done in operations), price="memory of your own machine")

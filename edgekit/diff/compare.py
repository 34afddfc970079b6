"""The comparison of two sides: all that a plan says, found out."""

from collections.abc import Iterator, Mapping

from edgekit.diff.appearing import Appearances
from edgekit.diff.bodies import Bodies
from edgekit.diff.dangers import find_dangers
from edgekit.diff.fragments import compare_pages, find_replaced, read_fragments
from edgekit.diff.hunks import Hunks
from edgekit.diff.operations import count_operations
from edgekit.diff.parts import compare_parts, read_parts
from edgekit.diff.plan import Change, Plan, State
from edgekit.diff.prices import price_operations
from edgekit.diff.side import Side
from edgekit.diff.tiers import compare_tiers, configs_after
from edgekit.model.keys import USER_SEGMENTS, Namespace
from edgekit.model.manifest import IndexEntry, Manifest


def compare(old: Side, new: Side) -> Plan:
    """What changes when `new` takes the place of `old`.

    Raises whatever `read` and `users` of a side raise.
    """
    bodies, old_bodies = Bodies(new), Bodies(old)
    old_index, new_index = _index(old), _index(new)
    if old_index == new_index:  # nothing has been edited since the last build, mostly
        old_index = new_index = ()
    before, after = read_fragments(old_index), read_fragments(new_index)
    hunks, appearances = Hunks(old_bodies, bodies), Appearances()
    for replaced in find_replaced(before, after):
        one, other = old_bodies.read(replaced.old), bodies.read(replaced.new)
        appearances.add(replaced, one, other, hunks.add(replaced, one, other))
    sizes: dict[str, int] = {}
    changes = sorted(
        [
            *_compare_index(old_index, new_index),
            *_compare_users(old, new, sizes),
            *_compare_manifests(_manifest(old), _manifest(new)),
        ],
        key=lambda change: (change.namespace, change.key),
    )
    tiers = compare_tiers(old, new)
    operations = count_operations(
        changes,
        tiers,
        configs=configs_after(old, new),
        users=sizes,
        there={entry.digest for entry in old_index},
        bodies=bodies,
    )
    return Plan(
        old=_state(old),
        new=_state(new),
        dangers=find_dangers(_manifest(old), _manifest(new), changes, tiers, appearances.by_slot()),
        changes=tuple(changes),
        tiers=tiers,
        pages=tuple(compare_pages(before, after)),
        hunks=hunks.most_frequent(),
        all_hunks=len(hunks),
        operations=operations,
        costs=price_operations(operations, changes, bodies),
    )


def _index(side: Side) -> tuple[IndexEntry, ...]:
    return side.pack.index if side.pack else ()


def _manifest(side: Side) -> Manifest | None:
    return side.pack.manifest if side.pack else None


def _state(side: Side) -> State:
    return State(side.label, side.pack.release if side.pack else None)


def _compare_index(old: tuple[IndexEntry, ...], new: tuple[IndexEntry, ...]) -> Iterator[Change]:
    before, after = _digests(old), _digests(new)
    for (namespace, key), digest in after.items():
        was = before.get((namespace, key))
        if was is None:
            yield Change("added", namespace, key, new=digest)
        elif was != digest:
            yield Change("changed", namespace, key, was, digest)
    for (namespace, key), digest in before.items():
        if (namespace, key) not in after:
            yield Change("removed", namespace, key, digest)


def _compare_manifests(old: Manifest | None, new: Manifest | None) -> Iterator[Change]:
    if old != new:
        yield from compare_parts(read_parts(old), read_parts(new))


def _digests(index: tuple[IndexEntry, ...]) -> Mapping[tuple[Namespace, str], str]:
    return {(entry.namespace, entry.key): entry.digest for entry in index}


def _compare_users(old: Side, new: Side, sizes: dict[str, int]) -> Iterator[Change]:
    """The users that differ, side by side in byte order; into `sizes` go the bytes of the new records."""
    if old.users is None or new.users is None:
        return
    before, after = iter(old.users()), iter(new.users())
    was, now = next(before, None), next(after, None)
    while was is not None or now is not None:
        if was == now:
            was, now = next(before, None), next(after, None)
        elif now is None or (was is not None and was[0].encode() < now[0].encode()):
            assert was is not None
            yield Change("removed", USER_SEGMENTS, was[0])
            was = next(before, None)
        elif was is None or now[0].encode() < was[0].encode():
            sizes[now[0]] = len(now[1])
            yield Change("added", USER_SEGMENTS, now[0])
            now = next(after, None)
        else:
            sizes[now[0]] = len(now[1])
            yield Change("changed", USER_SEGMENTS, now[0])
            was, now = next(before, None), next(after, None)

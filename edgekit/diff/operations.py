"""What publishing does to each namespace: keys put and deleted, bodies written and their bytes.

What edgekit notes of the release itself, in `_EDGEKIT`, is not counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from edgekit.diff.bodies import Bodies
from edgekit.diff.plan import Change, Operations, TierChange
from edgekit.diff.tiers import Configs, canonical
from edgekit.model.keys import ASSETS, EDGEKIT, NAMESPACES, SEGMENT_CONFIG, USER_SEGMENTS, Namespace


def count_operations(
    changes: Iterable[Change],
    tiers: Iterable[TierChange],
    *,
    configs: Configs,
    users: Mapping[str, int],
    there: set[str],
    bodies: Bodies,
) -> tuple[Operations, ...]:
    """The operations by namespace, those that have any, sorted.

    `configs` are the new configurations, `users` the bytes of each new or changed record, `there` the digests of bodies
    that the old side has. A body counts where its first key stands.
    """
    puts: Counter[Namespace] = Counter()
    deletes: Counter[Namespace] = Counter()
    written: Counter[Namespace] = Counter()
    sizes: Counter[Namespace] = Counter()
    seen = set(there)
    for change in changes:
        namespace = change.namespace
        if namespace == EDGEKIT:
            continue
        if change.action == "removed":
            # Assets of earlier releases stay, so that an old page never loses its style sheet.
            deletes[namespace] += namespace != ASSETS
            continue
        puts[namespace] += 1
        if namespace == USER_SEGMENTS:
            sizes[namespace] += users[change.key]
        elif change.new not in seen:
            seen.add(change.new)
            written[namespace] += 1
            sizes[namespace] += bodies.size(change.new)
    for tier in tiers:
        if tier.action == "removed":
            deletes[SEGMENT_CONFIG] += 1
        elif tier.action is not None:
            puts[SEGMENT_CONFIG] += 1
            sizes[SEGMENT_CONFIG] += len(canonical(configs[tier.tier]))
    return tuple(
        Operations(namespace, puts[namespace], deletes[namespace], written[namespace], sizes[namespace])
        for namespace in sorted(NAMESPACES)
        if puts[namespace] or deletes[namespace]
    )

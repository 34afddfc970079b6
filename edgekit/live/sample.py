"""Which pages are asked for: of a large site a few of each kind."""

from collections import defaultdict
from itertools import chain, zip_longest
from typing import NamedTuple

from edgekit.model.island import URL_PREFIX
from edgekit.model.manifest import Delivery, Manifest
from edgekit.model.path import encode_path


class Target(NamedTuple):
    """A page, or an island that pages fetch: its path as the store has it, its URL's path, and its class."""

    path: str
    url: str
    delivery: Delivery


def choose_targets(manifest: Manifest, count: int, missing: str) -> list[Target]:
    """At most `count`: one of each class and folder, then a second of each, and so on.

    Pages of one folder are mostly made of one template. `missing` is a path that no page has, for the 404 page.
    """
    kinds: defaultdict[tuple[str, str], list[Target]] = defaultdict(list)
    for path, route in sorted(manifest.routes.items()):
        if path.startswith("/"):
            target = Target(path, encode_path(path), route.delivery)
            kinds[route.delivery, path.rpartition("/")[0]].append(target)
    for name, island in sorted(manifest.islands.items()):
        if island.client:
            target = Target(URL_PREFIX + name, URL_PREFIX + name, island.delivery)
            kinds[island.delivery, URL_PREFIX].append(target)
    if (route_404 := manifest.routes.get("404")) is not None:
        kinds[route_404.delivery, "404"].append(Target("404", missing, route_404.delivery))
    turns = zip_longest(*(kinds[kind] for kind in sorted(kinds, reverse=True)))
    return [target for target in chain.from_iterable(turns) if target is not None][:count]

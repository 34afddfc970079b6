"""What a request gives to a page, as values rather than bytes: what the oracle renders with to equal `respond`."""

from typing import NamedTuple

from edgekit.fragment.values import Value, accept, default_value
from edgekit.model.path import canonical_path
from edgekit.replay.inputs import request_value
from edgekit.replay.reading import Reading
from edgekit.replay.request import Request
from edgekit.replay.store import ReplayStore
from edgekit.replay.visit import Visit


class Given(NamedTuple):
    """The canonical decoded path, the visitor's tier, and the values of all declared slots by name.

    The value of a list slot are the keys of the items that it shows.
    """

    path: str
    tier: str
    values: dict[str, Value]


def read_given(request: Request, store: ReplayStore) -> Given:
    """Raises ValueError if the path is not a canonical one, LookupError if nothing is published, and ReadError if the
    store cannot say whether it has an item."""
    path = canonical_path(request.path)
    if not isinstance(path, str):
        raise ValueError("the path is not spelt as a page's path is")
    with store.snapshot() as snapshot:
        reading = Reading(snapshot)
        release = store.release(reading)
        if release is None:
            raise LookupError("the store has no release")
        visit = Visit(request, reading, release, path, is_anybody=False)
        visitor = visit.identify()
        tier = visitor.tier
        config = tier.config(reading, request.now)
        values: dict[str, Value] = {}
        for name, slot in release.slots.items():
            if slot.root == "request":
                values[name] = request_value(slot, request, path, release.identification)
            elif slot.island:
                values[name] = tuple(key for key, _ in visit.items(slot))
            elif slot.root == "user":
                values[name] = getattr(visitor.user({slot.field}), name)
            else:
                value = accept(slot, config.get(slot.field))
                values[name] = default_value(slot, tier.file) if value is None else value
    return Given(path, tier.name, values)

"""Bodies held in memory: fragments, static pages and assets, cut once and bound to their release's slots.

Beside them the composed and the compressed answers that readers share.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from edgekit.fragment.fill import Plan, build_plan, fill
from edgekit.model.digest import digest
from edgekit.model.fragment import Cut
from edgekit.model.keys import Namespace
from edgekit.model.slot import Slot
from edgekit.replay.user import user_texts

BodyId = tuple[Namespace | Literal["gzip"], bytes] | tuple[str, str | None]
"""Cuts belong to namespace and digest: the same bytes may be a fragment here and plain text there.

A composed answer is known by its page's path and its visitor's tier, a compressed one by the ETag of what it was.
"""


OWN_BYTES: Final = 1_024
"""What a body takes beside its bytes, about: a site may have a million items of a hundred bytes."""


class HeldBody:
    """A body ready to be filled, and the last bytes it was filled to if readers share them."""

    __slots__ = ("_shared", "has_inserts", "live", "plan", "request_slots", "size", "user_fields", "user_texts")

    def __init__(self, body: bytes, cuts: Iterable[Cut] | None, slots: Mapping[str, Slot]) -> None:
        """Without cuts it is an asset or an answer that is composed: whatever stands in it, it is its own answer.

        Raises ValueError if the cuts are not those of the body.
        """
        cuts = cuts if cuts is None else tuple(cuts)
        self.plan: Plan = Plan(parts=(body,)) if cuts is None else build_plan(body, cuts, slots)
        self.size = OWN_BYTES + len(body) * _copies(self.plan, cuts or (), slots)
        self.has_inserts = bool(self.plan.islands or self.plan.lists)
        used = [slots[name] for name in self.plan.slots]
        self.request_slots = tuple(slot for slot in used if slot.root == "request")
        self.live = tuple(slot.name for slot in used if slot.root == "segment")
        user_slots = [slot for slot in used if slot.root == "user"]
        self.user_texts = user_texts(user_slots)
        self.user_fields = frozenset(slot.field for slot in user_slots)
        self._shared: tuple[list[str], bytes, bytes] | None = None

    def shared(self, texts: list[str]) -> tuple[bytes, bytes]:
        """The filled body and its ETag. They change with the tier's live fields only, so the last ones are kept.

        Not for a body that takes inserts.
        """
        if self._shared is None or self._shared[0] != texts:
            body = fill(self.plan, texts)
            self._shared = texts, body, b'"%s"' % digest(body).hex().encode()
        return self._shared[1:]


def _copies(plan: Plan, cuts: Iterable[Cut], slots: Mapping[str, Slot]) -> int:
    """How often a body may come to be held.

    What readers share is kept filled, too. Variants are cut when they are asked for and share no bytes, so each counts
    as a whole body.
    """
    if plan.choose is None:
        return 2 if plan.order else 1
    choices = {cut.slot for cut in cuts if cut.encoding == "?"}
    return 2 + math.prod(len(slots[name].choices) for name in choices)


class HeldBodies:
    """The bodies used last, at most `limit` bytes of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._bodies: OrderedDict[BodyId, HeldBody] = OrderedDict()

    def get(self, body_id: BodyId) -> HeldBody | None:
        held = self._bodies.get(body_id)
        if held is not None:
            self._bodies.move_to_end(body_id)
        return held

    def add(self, body_id: BodyId, held: HeldBody) -> None:
        """Hold a body; those used longest ago make room. One that is larger than all the room is not held."""
        if body_id in self._bodies:
            self._size -= self._bodies.pop(body_id).size
        if held.size > self._limit:
            return
        self._bodies[body_id] = held
        self._size += held.size
        while self._size > self._limit:
            _, dropped = self._bodies.popitem(last=False)
            self._size -= dropped.size

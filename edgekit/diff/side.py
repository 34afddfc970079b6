"""A side: one of the two states of a site that are compared."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from edgekit.fragment.edits import Edits
from edgekit.model.manifest import Pack


class Side(NamedTuple):
    """One state, from wherever it comes.

    `label` names it for people: `store build/edge.lmdb`, `site ./site`, `git:main`. `pack` is None where nothing is
    published. `read` gives the body of any entry of the pack's index, assets included, by its digest (hex); it is asked
    only for entries that differ from the other side's; and the old side, for the HTML report, for assets of both.
    `edits` are the live edits by tier; None for a site, which has none of its own: a build keeps the store's where it
    can. `users` gives each user's id with the record's JSON, without its expiry, in byte order of the ids; None where
    users are not compared.
    """

    label: str
    pack: Pack | None
    read: Callable[[str], bytes]
    edits: Mapping[str, Edits] | None = None
    users: Callable[[], Iterable[tuple[str, bytes]]] | None = None

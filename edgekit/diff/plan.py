"""A plan: what changes from one side to another, as data; sorted, so that the same sides give the same bytes."""

from typing import Any, Literal

import msgspec

from edgekit.model.keys import Namespace

Action = Literal["added", "changed", "removed"]

PageKind = Literal["page", "island", "item"]


class State(msgspec.Struct, frozen=True):
    """A side's name for people, and the digest of its release; None where nothing is published."""

    label: str
    release: str | None


class Danger(msgspec.Struct, frozen=True):
    """What an operator wants to see before all else: a sentence that says what and why, and the pages concerned.

    `kind` is its name for programs: `delivery`, `slot`, `header`, …
    """

    kind: str
    message: str
    pages: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """A key that differs, of one of the contract's namespaces.

    `key` is the store's; what stands in the manifest is `_EDGEKIT` with keys such as `redirect /shop`, `page /cart` or
    `cpu_ms`. `old` and `new` are the digests of bodies, or what the manifest has; None where there is none, and of
    users.
    """

    action: Action
    namespace: Namespace
    key: str
    old: Any = None
    new: Any = None


EditOutcome = Literal["kept", "dropped"]


class FieldChange(msgspec.Struct, frozen=True):
    """A field of a tier's configuration that differs, or that was edited in the store.

    `old` and `new` are the values that pages get. `old_file`, `new_file` are those in the files, where a live edit
    stands over one of them; `edit` says what becomes of the old side's edit. Absent values are None, `action` tells
    them from null.
    """

    field: str
    action: Action | None
    live: bool
    old: Any = None
    new: Any = None
    old_file: Any = None
    new_file: Any = None
    edit: EditOutcome | None = None


class TierChange(msgspec.Struct, frozen=True):
    """A tier whose configuration differs or has live edits. `action` is None if its record stays as it is."""

    tier: str
    action: Action | None
    fields: tuple[FieldChange, ...]


class PageChange(msgspec.Struct, frozen=True):
    """A page, island or item whose fragments differ, and in which tiers; the tier of a static page is empty."""

    path: str
    kind: PageKind
    action: Action
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Hunk(msgspec.Struct, frozen=True):
    """The same change of text, wherever it stands; `before` and `after` are what is around it in the first place.

    `removed` and `added` are the changed lines, or a changed part of a line, of which `cut` characters are left out.
    `fragments` counts fragments, `places` how often it stands in them, `pages` the pages, of which `page` is the first.
    """

    before: str
    removed: str
    added: str
    after: str
    cut: int
    page: str
    pages: int
    tiers: tuple[str, ...]
    fragments: int
    places: int


class Operations(msgspec.Struct, frozen=True):
    """What publishing does to a namespace: `puts` and `deletes` of keys; `bodies` that the old side lacks and their
    bytes, or those of the records."""

    namespace: Namespace
    puts: int
    deletes: int
    bodies: int
    bytes: int


CostKind = Literal["writes", "deletes", "bytes", "free_days", "commands"]


class Cost(msgspec.Struct, frozen=True):
    """What the operations are on a target: an amount of something, and the price of that, if it has one.

    `deletes` are made when the old release is pruned; `bytes` are what it takes to keep the values; `free_days` is how
    long the target's free plan takes for the operations. `dollars` is for this one change (of `bytes`, a month),
    beyond what a paid plan includes; `price` says how it is reckoned, `source` and `as_of` where that stands and when
    it was read.
    """

    target: str
    what: CostKind
    amount: int
    dollars: float | None = None
    price: str = ""
    source: str = ""
    as_of: str = ""


class Plan(msgspec.Struct, frozen=True):
    """What changes from `old` to `new`.

    `changes` has every key that differs but those of SEGMENT_CONFIG, which are `tiers`. `hunks` are the most frequent,
    `all_hunks` is how many there are.
    """

    old: State
    new: State
    dangers: tuple[Danger, ...] = ()
    changes: tuple[Change, ...] = ()
    tiers: tuple[TierChange, ...] = ()
    pages: tuple[PageChange, ...] = ()
    hunks: tuple[Hunk, ...] = ()
    all_hunks: int = 0
    operations: tuple[Operations, ...] = ()
    costs: tuple[Cost, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether anything changes; a live edit that stays is no change."""
        return bool(self.changes) or any(tier.action is not None for tier in self.tiers)

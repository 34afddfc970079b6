"""What a build notes of its pages for the next one (`model.reads`), and a page of an earlier build taken from there."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final, TypeVar

import msgspec

from edgekit.compiler.asked import NOTHING_READ
from edgekit.compiler.digests import Digests
from edgekit.compiler.names import CLOCK, TEMPLATE, name_read, split_read
from edgekit.compiler.page import CompiledPage
from edgekit.fragment.fuel import Contents
from edgekit.model.keys import ASSETS, STATIC_PAGES, Namespace, page_key
from edgekit.model.manifest import IndexEntry
from edgekit.model.reads import PageRecord, Read, Reads
from edgekit.project.site import Asset, Page, Site

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(CompiledPage).decode


def list_templates(reads: Reads) -> list[tuple[str, str]]:
    """The templates that pages asked for, each with `basis.describe_template`; empty where there is none."""
    found = ((*split_read(read), described) for read, described in reads.reads)
    return [(name, described) for kind, name, described in found if kind == TEMPLATE]


def reads_clock(reads: Reads) -> bool:
    """Did a page read `build_time`?"""
    return any(read == CLOCK for read, _ in reads.reads)


class Recorder:
    """Notes the pages of one build: those compiled, and those taken over from the build `before`."""

    def __init__(self, site: Site, digests: Digests, before: Reads) -> None:
        self._inputs = site.inputs
        self._digests = digests
        self._before = before
        self._reads: dict[Read, int] = _number(before.reads)
        self._outcomes: dict[bytes, int] = _number(before.outcomes)
        self._pages: dict[str, PageRecord] = {}

    def add(self, page: Page, compiled: CompiledPage) -> None:
        """Note a page that compiled without findings."""
        reads = [(name_read(TEMPLATE, name), digest) for name, digest in compiled.reads.templates]
        reads += [(name, self._digests.of_read(name)) for name in compiled.reads.others]
        numbers = tuple([self._reads.setdefault(read, len(self._reads)) for read in reads])
        outcome, sizes = _encode_outcome(compiled)
        number = self._outcomes.setdefault(outcome, len(self._outcomes))
        self._pages[page.path] = PageRecord(self._digests.of_page(page), numbers, number, sizes)

    def keep(self, page: Page) -> None:
        """Take over what the build before noted of a page."""
        self._pages[page.path] = self._before.pages[page.path]

    def finish(self) -> Reads:
        """The record, whichever of its pages were compiled."""
        pages = self._pages.values()
        reads, read_numbers = _sort(self._reads, set().union(*(page.reads for page in pages)))
        outcomes, outcome_numbers = _sort(self._outcomes, {page.outcome for page in pages})
        return Reads(
            self._inputs,
            reads,
            outcomes,
            {
                path: PageRecord(
                    page.own,
                    tuple(sorted([read_numbers[number] for number in page.reads])),
                    outcome_numbers[page.outcome],
                    page.sizes,
                )
                for path, page in self._pages.items()
            },
        )


class Previous:
    """An earlier build of a site, as far as it saves work: the `index` of its pack, and its record."""

    def __init__(self, index: Sequence[IndexEntry], reads: Reads) -> None:
        self.reads = reads
        self._index = index
        self._outcomes: dict[int, CompiledPage] = {}

    @cached_property
    def _entries(self) -> dict[tuple[Namespace, str], IndexEntry]:
        return {(entry.namespace, entry.key): entry for entry in self._index}

    def find_entries(self, site: Site, page: Page) -> list[IndexEntry]:
        """The index entries of a page that the record has; not all of them if pack and record are of two builds."""
        route = self.outcome(page).route
        assert route is not None
        keys: list[tuple[Namespace, str]] = [(STATIC_PAGES, page.path)]
        if route.namespace != STATIC_PAGES:
            keys = [(route.namespace, page_key(page.path, tier)) for tier in sorted(site.tiers)]
        return [self._entries[key] for key in keys if key in self._entries]

    def find_asset(self, asset: Asset) -> IndexEntry | None:
        """The index entry of an asset, if it had the same content."""
        entry = self._entries.get((ASSETS, asset.url))
        return entry if entry is not None and entry.digest == asset.digest else None

    def restore(self, page: Page) -> CompiledPage:
        """What became of a page, without its fragments and reads."""
        outcome = self.outcome(page)
        contents = _resize(outcome.contents, self.reads.pages[page.path].sizes)
        return msgspec.structs.replace(outcome, contents=contents)

    def outcome(self, page: Page) -> CompiledPage:
        """The same, for bodies of no bytes: pages that differ in nothing else share it."""
        number = self.reads.pages[page.path].outcome
        if number not in self._outcomes:
            self._outcomes[number] = _decode(self.reads.outcomes[number])
        return self._outcomes[number]


NO_BUILD: Final = Previous((), Reads("", (), (), {}))
"""Of a site that was never built, as far as anybody knows."""


def _encode_outcome(compiled: CompiledPage) -> tuple[bytes, tuple[int, ...]]:
    """All that the whole site's checks need of a page; and, apart, the bytes of its fragments: pages of one template
    mostly differ in nothing else."""
    sizes = tuple(len(fragment.body) for fragment in compiled.fragments)
    contents = _resize(compiled.contents, (0,) * len(sizes))
    return _encode(msgspec.structs.replace(compiled, fragments=(), contents=contents, reads=NOTHING_READ)), sizes


def _resize(contents: Iterable[Iterable[Contents]], sizes: Iterable[int]) -> tuple[tuple[Contents, ...], ...]:
    """What fragments hold, for bodies of so many bytes."""
    return tuple(
        tuple(msgspec.structs.replace(variant, bytes=size) for variant in variants)
        for variants, size in zip(contents, sizes, strict=True)
    )


_Entry = TypeVar("_Entry", bound=Hashable)


def _number(entries: Iterable[_Entry]) -> dict[_Entry, int]:
    return {entry: number for number, entry in enumerate(entries)}


def _sort(numbers: Mapping[_Entry, int], used: set[int]) -> tuple[tuple[_Entry, ...], Sequence[int]]:
    """Those of the entries that are used, sorted; and for each old number the new one."""
    kept = sorted((entry, number) for entry, number in numbers.items() if number in used)
    places = [-1] * len(numbers)
    for place, (_, number) in enumerate(kept):
        places[number] = place
    return tuple(entry for entry, _ in kept), places

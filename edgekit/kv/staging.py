"""Bodies on their way into a store, before the release that names them: invisible, idempotent, resumable."""

from types import TracebackType
from typing import Final, Self

from edgekit.kv.limits import check_body, encode_key
from edgekit.kv.store import LmdbStore
from edgekit.model.digest import digest
from edgekit.model.fragment import Fragment, encode_cuts, encode_trace
from edgekit.model.keys import EDGEKIT, PAGE_TPL, VALUES, Namespace, cuts_key, trace_key

BATCH_BYTES: Final = 8 * 1024 * 1024
"""The contract, section 7: LMDB holds a transaction's pages in memory, and other writers wait for its end."""


class Stager:
    """Collects fragments and puts them into the store, in transactions of at most 8 MiB or of one larger body."""

    def __init__(self, store: LmdbStore) -> None:
        self.store = store
        self._pending: dict[tuple[Namespace, str | bytes], bytes] = {}
        self._bytes = 0

    def add(self, fragment: Fragment) -> None:
        """Keep a body, the cuts of a PAGE_TPL fragment (an empty list too) and the trace record.

        Raises EK420 or EK421 for what no store takes, and what `LmdbStore.write` raises.
        """
        encode_key(fragment.key)
        check_body(fragment.key, fragment.body)
        name = fragment.digest
        records: dict[tuple[Namespace, str | bytes], bytes] = {(VALUES, name): fragment.body}
        if fragment.namespace == PAGE_TPL:
            records[EDGEKIT, cuts_key(name.hex())] = encode_cuts(fragment.cuts)
        if fragment.trace is not None:
            trace = encode_trace(fragment.trace)
            records[EDGEKIT, trace_key(digest(trace).hex())] = trace
        new = {place: value for place, value in records.items() if place not in self._pending}
        size = sum(map(len, new.values()))
        if self._bytes + size > BATCH_BYTES:
            self.flush()
        self._pending |= new
        self._bytes += size

    def flush(self) -> None:
        """Write what is not there yet. The stored bytes are compared, so that a damaged body heals."""
        with self.store.snapshot() as snapshot:
            missing = [(place, value) for place, value in self._pending.items() if snapshot.get(*place) != value]
        if missing:
            with self.store.write() as txn:
                for place, value in missing:
                    txn.put(*place, value)
        self._pending.clear()
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        if kind is None:
            self.flush()

"""A compiled body with what is known of it: where its tokens are and which template line made each piece."""

import msgspec

from edgekit.model.digest import digest
from edgekit.model.keys import Namespace
from edgekit.model.placeholder import Encoding, Mark


class Cut(msgspec.Struct, frozen=True, array_like=True):
    """One token of a fragment: bytes `start` to `end` of the body.

    `slot` is empty for an escaped brace. `encoding` is `?` where an alternative of a choice begins, `/` where it ends.
    """

    start: int
    end: int
    slot: str
    encoding: Encoding | Mark


class Span(msgspec.Struct, frozen=True, array_like=True):
    """From byte `start` of the body up to the next span: text made by `line` of `Trace.templates[template]`."""

    start: int
    template: int
    line: int


class Trace(msgspec.Struct, frozen=True):
    """What a render read and made: template names (site-relative files), spans in order, assets named by `asset()`,
    and whether it read `build_time`."""

    templates: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    assets: tuple[str, ...] = ()
    reads_clock: bool = False


class Fragment(msgspec.Struct, frozen=True):
    """A body and its place in an index: a page's fragment, a static page or an asset (then without cuts and trace)."""

    namespace: Namespace
    key: str
    body: bytes
    cuts: tuple[Cut, ...] = ()
    trace: Trace | None = None

    @property
    def digest(self) -> bytes:
        return digest(self.body)


_encode = msgspec.msgpack.Encoder().encode
_decode_cuts = msgspec.msgpack.Decoder(tuple[Cut, ...]).decode
_decode_trace = msgspec.msgpack.Decoder(Trace).decode


def encode_cuts(cuts: tuple[Cut, ...]) -> bytes:
    """MessagePack: a list of `[start, end, slot, encoding]`."""
    return _encode(cuts)


def decode_cuts(raw: bytes) -> tuple[Cut, ...]:
    """Raises msgspec.MsgspecError if `raw` is not what `encode_cuts` writes."""
    return _decode_cuts(raw)


def encode_trace(trace: Trace) -> bytes:
    """MessagePack: a map with `templates`, `spans` (lists of `[start, template, line]`), `assets`, `reads_clock`."""
    return _encode(trace)


def decode_trace(raw: bytes) -> Trace:
    """Raises msgspec.MsgspecError if `raw` is not what `encode_trace` writes."""
    return _decode_trace(raw)

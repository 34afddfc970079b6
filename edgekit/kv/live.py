"""The live edits of a tier as a store keeps them."""

import msgspec

from edgekit.fragment.edits import Edits
from edgekit.kv.transaction import LmdbSnapshot, WriteTransaction
from edgekit.model.keys import EDGEKIT, live_key

_decode = msgspec.json.Decoder(Edits).decode
_canonical = msgspec.json.Encoder(order="sorted").encode


def decode_edits(raw: bytes) -> Edits:
    """Raises msgspec.MsgspecError if `raw` is no record of live edits."""
    return _decode(raw)


def read_edits(reader: LmdbSnapshot | WriteTransaction, tier: str) -> Edits:
    """A tier's edits; none if the record is damaged (`verify` reports it): then the file's values count."""
    try:
        return decode_edits(reader.get(EDGEKIT, live_key(tier)) or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def write_edits(txn: WriteTransaction, tier: str, edits: Edits) -> None:
    if edits:
        txn.put(EDGEKIT, live_key(tier), _canonical(edits))
    else:
        txn.delete(EDGEKIT, live_key(tier))

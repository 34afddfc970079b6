"""The record of a build is read as it was written, or not at all."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.model.digest import DIGEST_BYTES, digest
from edgekit.model.reads import PageRecord, Reads, decode_reads, encode_reads

READS = Reads(
    "0f", (("settings", "a1"), ("template x.html", "")), (b"\x80",), {"/": PageRecord("0a", (0, 1), 0, (7, 9))}
)
RAW = encode_reads(READS)


def test_a_record_is_read_as_it_was_written() -> None:
    assert decode_reads(RAW) == READS


@given(st.integers(0, len(RAW) * 8 - 1))
def test_a_record_with_a_flipped_bit_is_none(bit: int) -> None:
    damaged = bytearray(RAW)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(msgspec.MsgspecError):
        decode_reads(bytes(damaged))


@pytest.mark.parametrize("raw", [b"", b"{}", RAW[:-1], RAW + b"x", digest(b"\1") + b"\1"])
def test_what_is_no_record_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_reads(raw)


def test_a_record_of_another_version_tells_nothing() -> None:
    content = b"\2" + RAW[DIGEST_BYTES + 1 :]
    assert decode_reads(digest(content) + content) is None

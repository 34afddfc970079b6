"""Records are read as JavaScript's JSON.parse reads them."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.fragment.record import decode_record


@pytest.mark.parametrize(
    ("raw", "record"),
    [
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":1e400,"b":"x"}', {"a": math.inf, "b": "x"}),
        (b'{"a":' + b"1" * 5_000 + b',"b":"x"}', {"a": math.inf, "b": "x"}),
        (b'{"a":"\\ud800","b":"\\ud83d\\ude00"}', {"a": None, "b": "\U0001f600"}),
        (b'{"a":"\xff","b":"x"}', {"a": None, "b": "x"}),
        (b'{"a":"\xed\xa0\x80","b":"x"}', {"a": None, "b": "x"}),
        (b'{"a":"\\udc00\\ud800"}', {"a": None}),
        (b'{"a":123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        (b' {"a" : [ ] } \n', {"a": []}),
        (b'{"a":"\x7f\\u0000"}', {"a": "\x7f\0"}),
    ],
)
def test_one_odd_value_spoils_only_itself(raw: bytes, record: dict[str, Any]) -> None:
    assert record == decode_record(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"5", b"null", b'"a"', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":01}', b"{'a':1}",
        b'{"a":1,}', b'{"a":1} x', b'\xef\xbb\xbf{"a":1}', b'{"a":"\x01"}',
        b'{"a":"\\x"}', b'{"a":.5}', b'{"a":1.}', b'{"a":1}\x0b', b"[" * 20_000, b'{"a":1e400,"b":NaN}',
        '{"a":1}'.encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        decode_record(raw)


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(st.dictionaries(st.text(), values), st.booleans())
def test_every_json_object_is_read_as_python_reads_it(record: dict[str, Any], ascii_only: bool) -> None:
    raw = json.dumps(record, ensure_ascii=ascii_only).replace("Infinity", "1e999")
    assert json.loads(raw) == decode_record(raw.encode())


@given(st.binary())
def test_arbitrary_bytes_are_an_object_or_a_value_error(raw: bytes) -> None:
    try:
        decode_record(raw)
    except ValueError:
        return

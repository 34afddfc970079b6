"""The bounds of what a store holds, checked by everything that writes."""

from typing import Final

from edgekit.diagnostics.diagnostic import failure
from edgekit.model.keys import MAX_KEY_BYTES

MAX_BODY: Final = 25 * 1024 * 1024
"""Bytes of a fragment, page or asset: the largest value of Workers KV."""

MAX_RECORD: Final = 16 * 1024
"""Bytes of a user's record or a tier's configuration: the contract, section 3; replay decodes one on each request."""


def encode_key(key: str) -> bytes:
    """The key as stored: UTF-8.

    Raises EK420 for a key that is empty, too long, or holds an unpaired surrogate.
    """
    try:
        raw = key.encode()
    except UnicodeEncodeError:
        raise failure("EK420", f"the key {key!r} is not well-formed Unicode", help="write it in UTF-8") from None
    if not 1 <= len(raw) <= MAX_KEY_BYTES:
        shown = key if len(key) <= 60 else key[:60] + "…"
        raise failure(
            "EK420", f"the key `{shown}` has {len(raw)} bytes; a store takes 1 to {MAX_KEY_BYTES}", help="shorten it"
        )
    return raw


def check_body(key: str, body: bytes) -> None:
    """Raises EK421 for a body that no store takes."""
    if len(body) > MAX_BODY:
        raise failure(
            "EK421",
            f"the body of `{key}` has {len(body):,} bytes; a store takes {MAX_BODY:,}",
            help="split the page, or keep the file on another server",
        )


def check_record(name: str, record: bytes) -> None:
    """Raises EK422 for a user's record or a configuration (`name` says whose) that is too large."""
    if len(record) > MAX_RECORD:
        raise failure(
            "EK422",
            f"the record of {name} has {len(record):,} bytes; at most {MAX_RECORD:,} are kept",
            help="keep only what the pages show",
        )

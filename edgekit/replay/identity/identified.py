"""What a credential tells: a user's id, and of a token the claims that the site takes."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from edgekit.model.keys import MAX_KEY_BYTES
from edgekit.replay.request import Request

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_NO_CLAIMS: Final[Mapping[str, Any]] = MappingProxyType({})


class Identified(msgspec.Struct, frozen=True):
    """A user; `claims` are values by the user's fields, `id` apart."""

    id: str
    claims: Mapping[str, Any] = _NO_CLAIMS


Identify = Callable[[Request], Identified | None]
"""From a request to its user, or None for a guest. Raises nothing."""


def is_user_id(text: str) -> bool:
    """Can it be a user's id: a key of a store, without control characters? It is compared as it is, not normalised."""
    if not text or len(text) > MAX_KEY_BYTES or (not text.isprintable() and _CONTROL.search(text)):
        return False
    try:
        return len(text.encode()) <= MAX_KEY_BYTES
    except UnicodeEncodeError:  # a lone surrogate
        return False

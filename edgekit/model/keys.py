"""Namespaces of the store and how their keys are written.

A key is a `str` here; a store encodes it as UTF-8 (`kv.limits` bounds the bytes).
"""

import re
from hashlib import sha256
from typing import Final, Literal

Namespace = Literal["USER_SEGMENTS", "SEGMENT_CONFIG", "PAGE_TPL", "STATIC_PAGES", "ASSETS", "VALUES", "_EDGEKIT"]

USER_SEGMENTS: Final = "USER_SEGMENTS"
SEGMENT_CONFIG: Final = "SEGMENT_CONFIG"
PAGE_TPL: Final = "PAGE_TPL"
STATIC_PAGES: Final = "STATIC_PAGES"
ASSETS: Final = "ASSETS"
VALUES: Final = "VALUES"
EDGEKIT: Final = "_EDGEKIT"

NAMESPACES: Final[tuple[Namespace, ...]] = (
    USER_SEGMENTS, SEGMENT_CONFIG, PAGE_TPL, STATIC_PAGES, ASSETS, VALUES, EDGEKIT,
)  # fmt: skip

INDEX_NAMESPACES: Final[tuple[Namespace, ...]] = (ASSETS, PAGE_TPL, STATIC_PAGES)
"""The namespaces that a release's index fills: key → digest of the body."""

MAX_KEY_BYTES: Final = 511
"""LMDB's default limit of a key."""

TIER: Final = re.compile(r"[a-z0-9_-]{1,64}")
"""The name of a tier: a key of SEGMENT_CONFIG, and what PAGE_TPL's keys end in."""

# Keys of _EDGEKIT.
FORMAT: Final = "format"
CURRENT: Final = "current"
EVENTS: Final = "event:"
"""How the keys of events begin."""


def page_key(path: str, tier: str) -> str:
    """The PAGE_TPL key of a page's fragment: `/cart` and `free` give `/cart:free`."""
    return f"{path}:{tier}"


def manifest_key(release: str) -> str:
    return f"manifest:{release}"


def index_key(release: str) -> str:
    return f"index:{release}"


def reads_key(release: str) -> str:
    """What the pages of a release read when it was built."""
    return f"reads:{release}"


def built_key(release: str) -> str:
    """What a release was built from."""
    return f"built:{release}"


def cuts_key(digest: str) -> str:
    """Cut offsets of the PAGE_TPL body with this digest (hex)."""
    return f"cuts:{digest}"


def trace_key(digest: str) -> str:
    """The trace record with this digest (hex): template and line of each span of a body."""
    return f"trace:{digest}"


def live_key(tier: str) -> str:
    """The live edits of a tier."""
    return f"live:{tier}"


def published_key(release: str) -> str:
    """When a release was last published."""
    return f"published:{release}"


def event_key(sequence: int) -> str:
    """An event that was received: they are numbered in the order in which they were."""
    return f"{EVENTS}{sequence:016x}"


def hash_id(id: str) -> str:
    """SHA-256 in hex: what is remembered of an event tells nobody's id. Raises ValueError for a lone surrogate."""
    return sha256(id.encode()).hexdigest()


def message_key(id_hash: str) -> str:
    """The number of the event that came in a message."""
    return f"message:{id_hash}"


def applied_key(id_hash: str) -> str:
    """The last event that was applied to a user."""
    return f"applied:{id_hash}"


def earlier_key(id_hash: str) -> str:
    """What `serve --lag` still shows of a user."""
    return f"earlier:{id_hash}"

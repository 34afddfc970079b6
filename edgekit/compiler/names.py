"""Names of reads: what a page may depend on, beside what it is itself.

A name is a kind and, behind a space, what is read of that kind; `digests` says what each stands for now.
"""

import json
from collections.abc import Iterable
from typing import Final

TEMPLATE: Final = "template"
"""By the name that templates write."""
ASSET: Final = "asset"
"""By its name in `static/`."""
DATA: Final = "data"
"""By the keys that lead to it, as a JSON list."""
FIELD: Final = "segment"
"""A field of the tiers' configuration that is frozen."""
SLOT: Final = "slot"
"""By its source."""
ISLAND: Final = "island"
LINK: Final = "link"
"""A path of the site, percent-encoded, that a page links to."""

SETTINGS: Final = "settings"
"""What every page depends on; read by all."""
FUNCTIONS: Final = "functions"
"""All of the site's own filters, tests and globals."""
CLOCK: Final = "clock"
UNSETTLED: Final = "unsettled"
"""The clock, if it may decide which templates a page asks for."""


def name_read(kind: str, name: str) -> str:
    return f"{kind} {name}"


def split_read(read: str) -> tuple[str, str]:
    """A read's kind and what is read of it, empty where there is only one."""
    kind, _, name = read.partition(" ")
    return kind, name


def name_data(keys: Iterable[str]) -> str:
    """The read of what these keys lead to in `data`; of all of it without keys."""
    return name_read(DATA, json.dumps(list(keys), separators=(",", ":")))


def split_data(name: str) -> list[str]:
    """The keys of a read of data."""
    keys: list[str] = json.loads(name)
    return keys

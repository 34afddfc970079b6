"""A manifest in parts: what replay knows of a release, by keys that people can read (contract, section 12)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from edgekit.diff.plan import Change
from edgekit.model.keys import EDGEKIT
from edgekit.model.manifest import Manifest

_PREFIXES: Final[Mapping[str, str]] = {"routes": "page", "islands": "island", "slots": "slot"}
"""Fields of a manifest of which each entry is a part, and what stands before its name."""

_TABLES: Final = frozenset({"identity", "origin", "ttl"})
"""Fields whose own fields are parts."""


def read_parts(manifest: Manifest | None) -> dict[str, Any]:
    """The parts as JSON has them: `page /cart`, `island menu`, `redirect /shop`, `header /product/* x-frame-options`,
    `slot USER_NAME`, `ttl user`, `identity mode`, `origin url`, `cpu_ms`, …; all but the tiers' configurations."""
    fields = {} if manifest is None else msgspec.to_builtins(manifest)
    parts: dict[str, Any] = {}
    for field, value in fields.items():
        if field in _PREFIXES:
            parts |= {f"{_PREFIXES[field]} {name}": entry for name, entry in value.items()}
        elif field in _TABLES:
            parts |= {f"{field} {name}": entry for name, entry in value.items()}
        elif field == "redirects":
            parts |= {f"redirect {rule['source']}": {"to": rule["to"], "status": rule["status"]} for rule in value}
        elif field == "headers":
            parts |= {
                f"header {pattern} {name}": text for pattern, headers in value.items() for name, text in headers.items()
            }
        elif field != "segments":
            parts[field] = value
    return parts


def compare_parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """The parts that differ, by their keys."""
    for key in sorted({*old, *new}):
        if key not in old:
            yield Change("added", EDGEKIT, key, new=new[key])
        elif key not in new:
            yield Change("removed", EDGEKIT, key, old=old[key])
        elif old[key] != new[key]:
            yield Change("changed", EDGEKIT, key, old[key], new[key])

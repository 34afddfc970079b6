"""`users.jsonl`: sample users for development. A build reads their tiers, and nothing else of them."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import msgspec

from edgekit.diagnostics.suggest import suggest
from edgekit.project.files import read_bytes
from edgekit.project.problems import Problems
from edgekit.project.tiers import FOLDER

SAMPLE_USERS: Final = "users.jsonl"
_MAX_BYTES: Final = 4 * 1024 * 1024
"""A larger file is no sample, and is not read."""


class _User(msgspec.Struct):
    tier: Any = None


def check_sample_users(root: Path, tiers: Collection[str], default_tier: str, problems: Problems) -> None:
    """Note tiers that no sample user has, as warnings; nothing, if there is no sample.

    Nobody needs to have the default tier: guests have it. Lines that are no users are for the import to refuse.
    """
    found = _read_tiers(root / SAMPLE_USERS)
    for tier in sorted({*tiers} - found - {default_tier}) if found else ():
        near = suggest(tier, found - {*tiers})
        problems.add(
            "EK804",
            f"no user in `{SAMPLE_USERS}` has tier `{tier}`" + (f"; one has `{near}`" if near else ""),
            help="add one, so that `edgekit serve` can show what the tier sees, or remove the tier's file",
            file=root / FOLDER / f"{tier}.toml",
            severity="warning",
        )


def _read_tiers(file: Path) -> set[str]:
    """The tiers that sample users have; a user without one has the empty tier."""
    content = read_bytes(file, _MAX_BYTES, Problems()) or b""
    decode = msgspec.json.Decoder(_User).decode
    tiers = set()
    for line in content.splitlines():
        try:
            tier = decode(line).tier
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        tiers.add(tier if isinstance(tier, str) else "")
    return tiers

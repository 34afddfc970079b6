"""`build_time`, the only clock a page can read: `--clock`, else SOURCE_DATE_EPOCH, else now."""

import os
from datetime import UTC, datetime
from typing import Final

from edgekit.diagnostics.diagnostic import failure

VARIABLE: Final = "SOURCE_DATE_EPOCH"
"""Seconds since 1970, as https://reproducible-builds.org/specs/source-date-epoch/ has it."""


def parse_clock(text: str) -> datetime:
    """ISO 8601 as an aware time in UTC; what names no offset is in UTC, a date alone is its midnight.

    Raises EdgekitError (EK114).
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise failure(
            "EK114", f"`{text}` is no time in ISO 8601", help="write a time such as `2026-01-31T12:00:00Z`"
        ) from None


def read_clock() -> datetime:
    """The time of SOURCE_DATE_EPOCH, else now, in whole seconds. Raises EdgekitError (EK114)."""
    seconds = os.environ.get(VARIABLE)
    if not seconds:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        help = "give it whole seconds since 1970, or remove the variable"
        raise failure("EK114", f"the environment's {VARIABLE} is `{seconds}`", help=help) from None

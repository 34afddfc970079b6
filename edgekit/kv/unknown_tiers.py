"""Users whose tier the current release does not have: their records are kept (contract, section 7).

Replay shows them the pages of the default tier.
"""

from dataclasses import dataclass
from typing import Final

from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.suggest import did_you_mean
from edgekit.diagnostics.text import format_amount
from edgekit.kv.record import Record
from edgekit.model.manifest import Manifest

_TOLD: Final = 20
"""Tiers that are told one by one; a file may have a million."""
_SHOWN: Final = 40
"""Characters of a tier that are shown."""


@dataclass(slots=True)
class _Found:
    """The first user of a tier, the line it stands on, and how many users there are."""

    id: str
    line: int | None
    count: int = 0


class UnknownTiers:
    """The unknown tiers of the users that come in; nothing is unknown while nothing is published."""

    def __init__(self, manifest: Manifest | None) -> None:
        self._manifest = manifest
        self._found: dict[str, _Found] = {}

    def add(self, id: str, record: Record, line: int | None = None) -> None:
        """Note a user; a record without a tier is one of the default tier on purpose."""
        tier = record.get("tier")
        if self._manifest is None or tier is None or (isinstance(tier, str) and tier in self._manifest.segments):
            return
        name = str(tier)[:_SHOWN]
        if name in self._found or len(self._found) < _TOLD:
            self._found.setdefault(name, _Found(id, line)).count += 1

    def warnings(self, file: str | None = None) -> list[Diagnostic]:
        """EK808 for each of the first tiers, in the order in which they came; `file` is where the lines are."""
        if self._manifest is None:
            return []
        default = self._manifest.default_tier
        known = ", ".join(f"`{tier}`" for tier in sorted(self._manifest.segments))
        found = []
        for tier, user in self._found.items():
            others = f" and {format_amount(user.count - 1, 'other user')}" if user.count > 1 else ""
            near = did_you_mean(tier, self._manifest.segments)
            found.append(
                Diagnostic(
                    code="EK808",
                    message=f"the tier `{tier}` of user `{user.id}`{others} is none of the current release{near}",
                    help=f"it has {known}; who has another is shown the pages of `{default}`",
                    severity="warning",
                    file=file,
                    line=user.line,
                )
            )
        return found

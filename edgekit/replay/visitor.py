"""Who a personal page is for: the tier and the record that USER_SEGMENTS has of the identified user."""

from typing import Any

from edgekit.fragment.record import decode_record
from edgekit.model.expiry import is_expired
from edgekit.model.keys import USER_SEGMENTS
from edgekit.replay.reading import ReadError, Reading
from edgekit.replay.release import Release
from edgekit.replay.request import Request
from edgekit.replay.tier import LiveTier


def read_visitor(request: Request, reading: Reading, release: Release) -> tuple[LiveTier, dict[str, Any]]:
    """Tier and record. `id` of the record is the identified id, record or none.

    Without a user, a record that is there and not expired, or a known tier: the default tier.
    """
    user_id = release.identity.identify(request)
    if user_id is None:
        return release.default, {}
    try:
        record = _read_record(user_id, request.now, reading)
    except ReadError as error:
        reading.log(f"{error}; answered as the default tier")
        record = {}
    record["id"] = user_id
    tier = record.get("tier")
    if not isinstance(tier, str):
        return release.default, record
    return release.tiers.get(tier, release.default), record


def _read_record(user_id: str, now: float, reading: Reading) -> dict[str, Any]:
    sealed = reading.get_sealed(USER_SEGMENTS, user_id)
    if sealed is None or is_expired(sealed[0], now):
        return {}
    try:
        return decode_record(sealed[1])
    except ValueError:
        raise ReadError(f"{USER_SEGMENTS} holds a damaged record") from None

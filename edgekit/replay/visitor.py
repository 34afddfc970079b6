"""Who a personal page is for: the tier and the values that USER_SEGMENTS has of the identified user."""

from edgekit.model.expiry import EXPIRY_BYTES
from edgekit.model.keys import USER_SEGMENTS
from edgekit.replay.reading import ReadError, Reading, has_expired
from edgekit.replay.release import Release
from edgekit.replay.request import Request
from edgekit.replay.tier import LiveTier
from edgekit.replay.user import User


def read_visitor(request: Request, reading: Reading, release: Release) -> tuple[LiveTier, User]:
    """Tier and user.

    Without an id, a record that is there and not expired, or a known tier: the default tier.
    """
    users = release.users
    user_id = release.identity.identify(request)
    if user_id is None:
        return release.default, users.guest
    try:
        sealed = reading.get_sealed(USER_SEGMENTS, user_id)
        record = None if sealed is None or has_expired(sealed, request.now) else sealed[EXPIRY_BYTES:]
        user = users.decode(record, user_id)
    except (ReadError, ValueError) as error:
        cause = error if isinstance(error, ReadError) else f"{USER_SEGMENTS} holds a damaged record"
        reading.fall_back("user", f"{cause}; answered as the default tier")
        user = users.decode(None, user_id)
    return release.tiers.get(user.tier, release.default), user

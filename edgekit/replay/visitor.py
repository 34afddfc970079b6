"""Who a personal page is for: the tier and the values that claims and USER_SEGMENTS have of the identified user."""

from collections.abc import Set

from edgekit.model.expiry import EXPIRY_BYTES
from edgekit.model.keys import USER_SEGMENTS
from edgekit.replay.identity.identified import Identified
from edgekit.replay.reading import ReadError, Reading, has_expired
from edgekit.replay.release import Release
from edgekit.replay.request import Request
from edgekit.replay.user import User, told_fields


class Visitor:
    """Claims win over the record, which is looked up when something is first asked for that they do not tell.

    `tier` is what a trusted proxy says, if the site has such a tier: `is_told`. Else it is the user's, and the default
    one without an id, a known tier, or a record that is there and not expired. `is_identified`: there is an id.
    """

    __slots__ = ("_found", "_now", "_reading", "_release", "_user", "is_identified", "is_told", "tier")

    def __init__(self, request: Request, reading: Reading, release: Release, *, is_anybody: bool = False) -> None:
        """With `is_anybody` it is a guest of the default tier, whoever asks."""
        self._release = release
        self._reading = reading
        self._now = request.now
        identification = release.identification
        found = None if is_anybody else identification.identify(request)
        segment = None if is_anybody else identification.segment(request)
        told = None if segment is None else release.tiers.get(segment)
        self._found: Identified | None = None  # whose record is still to be read
        if found is None:
            self._user: User = release.users.guest
        elif told is not None or "tier" in found.claims:
            self._found = found
            self._user = release.users.decode(None, found)
        else:
            self._user = self._read(found)
        self.is_identified = found is not None
        self.is_told = told is not None
        self.tier = told or release.tiers.get(self._user.tier, release.default)

    def user(self, fields: Set[str]) -> User:
        """The user, of whom these fields count."""
        if self._found is not None and not fields <= told_fields(self._found):
            self._user = self._read(self._found)
            self._found = None
        return self._user

    def _read(self, found: Identified) -> User:
        users = self._release.users
        try:
            sealed = self._reading.get_sealed(USER_SEGMENTS, found.id)
            record = None if sealed is None or has_expired(sealed, self._now) else sealed[EXPIRY_BYTES:]
            return users.decode(record, found)
        except (ReadError, ValueError) as error:
            cause = error if isinstance(error, ReadError) else f"{USER_SEGMENTS} holds a damaged record"
            self._reading.fall_back("user", f"{cause}; answered as if there were no record")
            return users.decode(None, found)

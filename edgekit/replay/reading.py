"""One request's look-ups: in one snapshot, tried again when they fail, counted."""

from typing import Final, NoReturn

from edgekit.kv.reader import Snapshot
from edgekit.model.expiry import EXPIRY_BYTES, is_expired, seal
from edgekit.model.keys import Namespace
from edgekit.replay.response import Fallback, Level, Log

RETRIES: Final = 2
"""A failed read is tried twice more (contract, section 8)."""


_NEVER: Final = seal(b"")


class ReadError(Exception):
    """A look-up that failed for good, or found nothing where something must be, or something damaged."""


class RefusedError(ReadError):
    """A release that this server does not serve, however often it is read."""


class NoSnapshot:
    """The snapshot of a store that cannot be read: every look-up fails."""

    version: Final = -1

    def get(self, namespace: Namespace, key: str | bytes) -> NoReturn:
        raise ReadError


class Reading:
    """`snapshot` is replaced by a `NoSnapshot` once what it holds cannot be relied on.

    `reads` counts look-ups, `failures` the tries of them that failed.
    """

    __slots__ = ("failures", "fallbacks", "logs", "reads", "snapshot")

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.reads = 0
        self.failures = 0
        self.logs: list[Log] = []
        self.fallbacks: list[Fallback] = []

    def log(self, message: str, level: Level = "error") -> None:
        self.logs.append(Log(level, message))

    def fall_back(self, instead_of: Fallback, message: str) -> None:
        """Log that something else is answered with."""
        self.fallbacks.append(instead_of)
        self.log(message)

    def get(self, namespace: Namespace, key: str | bytes) -> bytes | None:
        """The stored bytes, or None. Raises ReadError after three failures."""
        self.reads += 1
        try:
            return self.snapshot.get(namespace, key)
        except Exception as error:  # whatever a store raises, the client gets a page
            return self._get_again(namespace, key, error)

    def _get_again(self, namespace: Namespace, key: str | bytes, error: Exception) -> bytes | None:
        self.failures += 1
        for _ in range(RETRIES):
            try:
                return self.snapshot.get(namespace, key)
            except Exception as again:
                self.failures += 1
                error = again
        raise ReadError(f"{namespace} cannot be read ({type(error).__name__})")

    def get_sealed(self, namespace: Namespace, key: str) -> bytes | None:
        """An envelope and its value, or None. Raises ReadError if it cannot be read or is damaged."""
        stored = self.get(namespace, key)
        if stored is not None and len(stored) < EXPIRY_BYTES:
            raise ReadError(f"{namespace} holds a damaged value")
        return stored


def has_expired(sealed: bytes, now: float) -> bool:
    return not sealed.startswith(_NEVER) and is_expired(int.from_bytes(sealed[:EXPIRY_BYTES], "big"), now)

"""The bodies of a side, read when they are needed, and their sizes, which are kept."""

from edgekit.diff.side import Side


class Bodies:
    """Lives as long as one comparison. Holds sizes only: the bodies of a large site are more than memory has."""

    def __init__(self, side: Side) -> None:
        self._read = side.read
        self._sizes: dict[str, int] = {}

    def read(self, digest: str) -> bytes:
        """The body with this digest (hex)."""
        body = self._read(digest)
        self._sizes[digest] = len(body)
        return body

    def size(self, digest: str) -> int:
        """Its bytes."""
        return self._sizes[digest] if digest in self._sizes else len(self.read(digest))

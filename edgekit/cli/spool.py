"""Bodies of a site that is compiled but not published."""

import os
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from edgekit.model.fragment import Fragment


class Spool:
    """A temporary file that no name leads to, so it is gone with the process; each body stands in it once."""

    def __init__(self) -> None:
        self._file = TemporaryFile(prefix="edgekit-")  # noqa: SIM115
        self._places: dict[str, tuple[int, int]] = {}
        self._size = 0

    def add(self, fragment: Fragment) -> None:
        name = fragment.digest.hex()
        if name not in self._places:
            self._file.write(fragment.body)
            self._places[name] = self._size, len(fragment.body)
            self._size += len(fragment.body)

    def __contains__(self, digest: str) -> bool:
        return digest in self._places

    def read(self, digest: str) -> bytes:
        """The body with this digest (hex). Raises KeyError if it was not added."""
        start, length = self._places[digest]
        self._file.flush()
        return os.pread(self._file.fileno(), length, start)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()

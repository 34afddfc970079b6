"""What stands on stdout is all that was to be written."""

import io
import sys
from types import SimpleNamespace

import pytest

from edgekit.cli.output import Output


class Hasty(io.RawIOBase):
    """Takes a part of what is written, as a pipe does from a process that is stopped meanwhile."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, content: memoryview) -> int:  # type: ignore[override]
        self.taken += content[:7]
        return len(content[:7])


@pytest.mark.parametrize("content", [b"", b"seven b", bytes(range(256)), "Łódź, and more"])
def test_all_of_it_is_written_whatever_is_taken_at_once(content: bytes | str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = Hasty()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=hasty))
    Output().data(content)
    monkeypatch.undo()
    assert hasty.taken == (content.encode() if isinstance(content, str) else content)

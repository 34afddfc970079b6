"""Two looks at the files of a site → what changed between them."""

import os
from collections.abc import Mapping, Sequence
from typing import Final

from edgekit.diagnostics.text import escape_control
from edgekit.watch.inputs import Stamp

_NAMED: Final = 2


def find_changes(before: Mapping[str, Stamp], now: Mapping[str, Stamp]) -> tuple[str, ...]:
    """The paths of files that were added, changed or removed, sorted."""
    return tuple(sorted(file for file in before.keys() | now.keys() if before.get(file) != now.get(file)))


def has_lost(before: Mapping[str, Stamp], now: Mapping[str, Stamp]) -> bool:
    """Is a file gone? An editor may be about to put it back."""
    return not before.keys() <= now.keys()


def name_changes(files: Sequence[str], root: str) -> str:
    """For people: `templates/layout.html`, or `data/a.json, data/b.json and 3 others`, relative to the site folder."""
    names = [escape_control(os.path.relpath(file, root).replace(os.sep, "/")) for file in files]
    others = len(names) - _NAMED
    if others == 1:
        return f"{names[0]} and 2 others"
    return ", ".join(names[:_NAMED]) + (f" and {others} others" if others > 0 else "")

"""The cuts of a fragment, found in its body alone: what a compiler's must equal, and what an imported release gets."""

import re
from typing import Final

from edgekit.model.fragment import Cut
from edgekit.model.placeholder import ENCODINGS, MARKS, TOKEN

_TOKEN: Final = re.compile(TOKEN.pattern.encode())


def find_cuts(body: bytes) -> tuple[Cut, ...]:
    """The cuts by the grammar alone; a token of an unknown encoding gives one that no compiler writes."""
    cuts = []
    for token in _TOKEN.finditer(body):
        text = token[1].decode()
        mark = next((mark for mark in MARKS if text.startswith(mark)), None)
        if mark is not None:
            cuts.append(Cut(*token.span(), text[1:].partition("=")[0], mark))
            continue
        name, _, written = text.partition(":")
        encoding = next((known for known in ENCODINGS if known == written), None)
        slot = text if encoding is None else "" if name == "_" else name
        cuts.append(Cut(*token.span(), slot, encoding or ""))
    return tuple(cuts)

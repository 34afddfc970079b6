"""Pages written as their fragments are: `{S}` is a string slot, `{N}` an integer, `{S:path}` one in an encoding."""

import re
from typing import Final

from edgekit.compiler.contexts import check_contexts
from edgekit.compiler.opaque import Placed
from edgekit.compiler.trace import Text
from edgekit.model.slot import Slot

STRING: Final = Slot(name="S", source="user.s", default="", max_length=100)
INTEGER: Final = Slot(name="N", source="user.n", type="integer", default=0)
_TOKEN: Final = re.compile(r"\{([SN])(?::(url|path|href|json))?\}")


def read_pieces(page: str) -> list[Text | Placed]:
    """The pieces of a page that is written with placeholders."""
    pieces: list[Text | Placed] = []
    end = 0
    for token in _TOKEN.finditer(page):
        if text := page[end : token.start()]:
            pieces.append(Text(text, ("page", 1)))
        slot = INTEGER if token[1] == "N" else STRING
        pieces.append(Placed(slot, token[2] or "", ("page", 1)))  # type: ignore[arg-type]
        end = token.end()
    return [*pieces, Text(page[end:], ("page", 1))] if page[end:] else pieces


def codes_of(page: str) -> list[str]:
    """The codes of what is wrong with a page, sorted, each once."""
    return sorted({problem.code for problem in check_contexts(read_pieces(page))})

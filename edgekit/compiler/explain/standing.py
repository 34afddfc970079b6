"""Where the slots of a page stand, as its parser sees them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from edgekit.compiler.contexts import as_document, find_places
from edgekit.compiler.opaque import Placed
from edgekit.compiler.trace import Traced
from edgekit.project.site import Page


class Standing(NamedTuple):
    """A slot in the text of an element or in an attribute of it. The items of a list slot stand in no element."""

    placed: Placed
    element: str | None
    attribute: str | None


def find_standing(page: Page, variants: Iterable[Traced]) -> list[Standing]:
    """Where slots stand in a page that compiles; equal places once, in the order in which they are met."""
    return list(dict.fromkeys(standing for traced in variants for standing in _find_in(page, traced)))


def _find_in(page: Page, traced: Traced) -> Iterator[Standing]:
    places = iter(find_places(as_document(traced.pieces, (page.template, 1), island=bool(page.island))))
    for piece in traced.pieces:
        if type(piece) is not Placed:
            continue
        if piece.slot.island:
            yield Standing(piece, None, None)
        else:
            _, place = next(places)
            yield Standing(piece, place.element, None if place.kind == "text" else place.kind)

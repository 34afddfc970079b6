"""Which template line made the piece that a render has just printed.

Jinja's root and block functions are generators. Layouts and blocks are links of one chain of `yield from`; an included
template is a link of its own, a local `gen` of the function that includes it. The innermost link made the piece.
"""

from collections import defaultdict
from collections.abc import Callable
from types import FrameType, GeneratorType
from typing import Any, Final

from edgekit.compiler.run import Location, line_of

_INCLUDE: Final = ()
"""Stands for the place of an include, whose pieces have lines of their own; it is false, as no location is."""

Place = Location | tuple[()]


class Lines:
    """Template lines by places in the code of root and block functions, as far as they were met.

    Lives as long as the environment, and so as long as its templates and their code. `places` has the ids of that code.
    """

    def __init__(self) -> None:
        self.places: defaultdict[int, dict[int, Place]] = defaultdict(dict)
        self._locations: dict[Location, Location] = {}

    def add(self, places: dict[int, Place], frame: FrameType) -> Location:
        """Note the template line at which a frame stands; equal ones are one object."""
        template = frame.f_globals["__jinja_template__"]
        location = template.name, line_of(template, frame.f_lineno)
        location = self._locations.setdefault(location, location)
        places[frame.f_lasti] = location
        return location


class Locator:
    """Follows one render. `frame` is the innermost link's, and `known` looks up its places by `frame.f_lasti`.

    A link that has ended stands at its return, which is no place that is known.
    """

    __slots__ = ("_lines", "_links", "_places", "frame", "known")

    frame: FrameType
    known: Callable[[int], Place | None]

    def __init__(self, lines: Lines, printed: Any) -> None:
        self._lines = lines
        self._links = [printed]
        self._enter()

    def _enter(self) -> None:
        """Follow the chain from its last link on."""
        links = self._links
        link = links[-1]
        while type(deeper := link.gi_yieldfrom) is GeneratorType:
            links.append(deeper)
            link = deeper
        self.frame = link.gi_frame
        places = self._places = self._lines.places[id(link.gi_code)]
        self.known = places.get

    def find(self) -> Location:
        """The line of the piece that was just printed."""
        links = self._links
        while links[-1].gi_frame is None:
            links.pop()
        self._enter()
        while True:
            if place := self.known(self.frame.f_lasti):
                return place
            included = self.frame.f_locals.get("gen")
            # Behind an include its generator is closed, and has no frame any more.
            if type(included) is not GeneratorType or included.gi_frame is None:
                return self._lines.add(self._places, self.frame)
            self._places[self.frame.f_lasti] = _INCLUDE
            links.append(included)
            self._enter()

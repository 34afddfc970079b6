"""Which template line made the piece that a render has just printed.

Jinja's root and block functions are generators. Layouts and blocks are links of one chain of `yield from`; an included
template is a link of its own, a local `gen` of the function that includes it. The innermost link made the piece.
"""

from collections.abc import Callable
from types import FrameType, GeneratorType
from typing import Any, Final

from edgekit.compiler.run import Location, line_of

_INCLUDE: Final = ()
"""Stands for the place of an include, whose pieces have lines of their own; it is false, as no location is."""

Place = Location | tuple[()]


class Lines:
    """Template lines by places in the code of root and block functions, as far as they were met.

    Lives as long as the environment, and so as long as its templates and their code.
    """

    def __init__(self) -> None:
        self._places: dict[int, dict[int, Place]] = {}
        self._locations: dict[Location, Location] = {}

    def of(self, generator: Any) -> dict[int, Place]:
        return self._places.setdefault(id(generator.gi_code), {})

    def add(self, places: dict[int, Place], frame: FrameType) -> Location:
        """Note the template line at which a frame stands; equal ones are one object."""
        template = frame.f_globals["__jinja_template__"]
        location = template.name, line_of(template, frame.f_lineno)
        location = self._locations.setdefault(location, location)
        places[frame.f_lasti] = location
        return location


class Locator:
    """Follows one render. `inner` is the innermost link, and `known` looks up its places."""

    __slots__ = ("_lines", "_outer", "_places", "inner", "known")

    inner: Any
    known: Callable[[int], Place | None]

    def __init__(self, lines: Lines, printed: Any) -> None:
        self._lines = lines
        self._outer = printed
        self._enter(printed)

    def _enter(self, generator: Any) -> None:
        while type(deeper := generator.gi_yieldfrom) is GeneratorType:
            generator = deeper
        self.inner = generator
        self._places = self._lines.of(generator)
        self.known = self._places.get

    def find(self) -> Location:
        """The line of the piece that was just printed."""
        self._enter(self._outer if self.inner.gi_frame is None else self.inner)
        while True:
            frame = self.inner.gi_frame
            if place := self.known(frame.f_lasti):
                return place
            included = frame.f_locals.get("gen")
            # Behind an include its generator is closed, and has no frame any more.
            if type(included) is not GeneratorType or included.gi_frame is None:
                return self._lines.add(self._places, frame)
            self._places[frame.f_lasti] = _INCLUDE
            self._enter(included)

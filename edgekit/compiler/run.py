"""What one render of one page does: the reads and violations that its opaque objects record."""

import sys
from bisect import bisect_right
from types import FrameType
from typing import Any, Final, NamedTuple

from jinja2 import Template

from edgekit.model.slot import KNOWN, Slot
from edgekit.project.frozen import FrozenDict
from edgekit.project.site import Page

Location = tuple[str, int]
"""A template's name and a line of it."""


class Spot(NamedTuple):
    """A character `at` of a text that was printed as a whole, by a template's line or those that follow it."""

    location: Location | None
    text: str = ""
    at: int = 0


Choices = tuple[tuple[str, int], ...]
"""For each choice slot in the order a render reads them: its name and the number of its choice."""


class TraceError(Exception):
    """Ends a render after a violation was recorded.

    No subclass of TypeError, AttributeError, LookupError or ValueError: Jinja and Python swallow those. Where it is
    swallowed all the same, the record still counts.
    """


class Violation:
    """A use that the compiler cannot keep: its code, `what` happened (a clause), to `subject`, where, and the way out.

    `word` is what the expression must contain (a filter's name), to find it again in the line.
    """

    __slots__ = ("code", "help", "location", "subject", "what", "word")

    def __init__(self, code: str, subject: str, what: str, help: str, location: Location | None, word: str) -> None:
        self.code = code
        self.subject = subject
        self.what = what
        self.help = help
        self.location = location
        self.word = word


_NO_PAGE: Final = Page("", "", FrozenDict())


class Run:
    """The state of the render that is under way; one per environment, started anew for each page."""

    def __init__(self) -> None:
        self.start(_NO_PAGE, ())

    def start(self, page: Page, choices: Choices) -> None:
        """Begin a render of a page in which the first choices that are read have these values."""
        self.page = page
        self.decisions: dict[str, tuple[Slot, int]] = {}
        self._choices = choices
        self.violations: list[Violation] = []
        self.fields: dict[str, None] = {}
        self.reads_clock = False
        self.slots: dict[str, Slot] = {}
        self.templates: dict[str, None] = {}
        self.assets: dict[str, None] = {}
        self.clients: dict[str, None] = {}

    def read_slot(self, slot: Slot) -> None:
        """Note that a slot is read."""
        self.slots[slot.source] = slot

    def read_tier(self, name: str) -> None:
        """Note that the tier is read, as `tier` or by the name of a frozen field, such as `segment.discount`."""
        self.fields[name] = None

    def read_clock(self) -> None:
        """Note that `build_time` is read."""
        self.reads_clock = True

    def choose(self, slot: Slot) -> str | bool:
        """The value of a choice slot in this render: the one it has been given, or the slot's first."""
        if slot.name not in self.decisions:
            at = len(self.decisions)
            name, number = self._choices[at] if at < len(self._choices) else (slot.name, 0)
            if name != slot.name:
                raise self.refuse_change()
            self.decisions[slot.name] = slot, number
        choice = slot.choices[self.decisions[slot.name][1]]
        return choice == "true" if slot.source == KNOWN else choice

    def check_choices(self) -> None:
        """Raises TraceError if the render did not read all the choices it was given."""
        if len(self.decisions) < len(self._choices):
            raise self.refuse_change()

    def refuse_change(self) -> TraceError:
        help = "let the site's own functions be pure: the same result for the same arguments"
        return self.refuse("EK220", "the page", "it reads other slots when it is rendered again", help)

    def refuse(self, code: str, subject: str, what: str, help: str, word: str = "") -> TraceError:
        """Record a violation at the template line that is being executed; the caller raises what is returned."""
        self.violations.append(Violation(code, subject, what, help, find_location(sys._getframe(1)), word))
        return TraceError(f"{subject}: {what}")


def find_location(frame: FrameType | None) -> Location | None:
    """The innermost template line among a frame and its callers."""
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")
        if template is not None:
            return template.name, line_of(template, frame.f_lineno)
        frame = frame.f_back
    return None


def line_of(template: Template, code_line: int) -> int:
    """The template's line for a line of its generated code."""
    lines: tuple[list[int], list[int]] | None = template.__dict__.get("_lines")
    if lines is None:
        known = template.debug_info  # pairs of a template's and a code line, in the order of the code
        lines = template.__dict__["_lines"] = [start for _, start in known], [line for line, _ in known]
    starts, template_lines = lines
    at = bisect_right(starts, code_line)
    return template_lines[at - 1] if at else 1


def traceback_location(error: BaseException) -> Location | None:
    """The innermost template line in an exception's traceback."""
    found: Location | None = None
    trace: Any = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            found = template.name, line_of(template, trace.tb_lineno)
        trace = trace.tb_next
    return found

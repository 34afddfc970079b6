"""Violations and exceptions of a render as diagnostics: code, message, file, line, source line and the way out."""

import re
from pathlib import Path
from typing import Final

from jinja2 import TemplateAssertionError, TemplateNotFound, TemplatesNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from edgekit.compiler.environment import PageEnvironment
from edgekit.compiler.excerpt import Tag, find_expression, read_tags
from edgekit.compiler.functions import PageError
from edgekit.compiler.loader import UnreadableTemplateError
from edgekit.compiler.opaque import WAYS_OUT
from edgekit.compiler.run import Location, Spot, TraceError, Violation, traceback_location
from edgekit.compiler.syntax import describe_assertion, describe_syntax
from edgekit.compiler.undefined import describe_undefined
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.suggest import suggest
from edgekit.project.functions import innermost_line, source_line


class Findings:
    """Makes diagnostics for one environment's templates."""

    def __init__(self, environment: PageEnvironment) -> None:
        self.environment = environment
        self._sources: dict[str, tuple[str, str]] = {}
        self._tags_of: dict[str, list[Tag]] = {}
        self._near_templates: dict[str, str | None] = {}

    def of_violation(self, violation: Violation, page: str) -> Diagnostic:
        words = (violation.word, *_words(violation.subject))
        return self.make(
            violation.code,
            f"{violation.subject}: {violation.what}" if violation.what else violation.subject,
            violation.help,
            violation.location,
            page,
            words,
        )

    def of_error(self, error: Exception, page: str, template: str) -> Diagnostic | None:
        """A diagnostic for an exception that ended a render; None for one whose violation is on record."""
        location = traceback_location(error) or (template, 1)
        match error:
            case TraceError():
                return None
            case PageError():
                return self.make(error.code, error.message, error.help, location, page)
        files = set(map(str, self.environment.site.jinja.functions.sources))
        if place := innermost_line(error, files):
            return _of_function(error, place, location, page)
        match error:
            case TemplateSyntaxError():
                name, line = error.name or template, error.lineno
                if isinstance(error, TemplateAssertionError):
                    said = describe_assertion(error, self.environment)
                else:
                    said = describe_syntax(error, self._tags(name), self.environment)
                return self.make("EK213", *said, (name, line), page)
            case SyntaxError():  # of the Python code that Jinja makes
                help = "take it apart into includes or macros: Python nests at most 20 loops in each other"
                return self.make("EK213", f"the template cannot be compiled: {error.msg}", help, location, page)
            case TemplatesNotFound() | TemplateNotFound():
                wanted = error.templates if isinstance(error, TemplatesNotFound) else [error.name or ""]
                names = [name for name in wanted if isinstance(name, str)]
                near = self._near_template(names[0]) if names else None
                hint = f"; did you mean `{near}`?" if near else ""
                missing = " or ".join(f"`{name}`" for name in names) or "(no name)"
                help = "put it into `templates/`; names are relative to `templates/`, then to the site folder"
                if near:
                    help = f"write `{near}`, or {help}"
                return self.make("EK212", f"there is no template {missing}{hint}", help, location, page)
            case SecurityError():
                help = "templates may not change data or reach into Python; do it in the data instead"
                return self.make(
                    "EK214",
                    f"the sandbox refuses it: {_said(error)}",
                    help,
                    location,
                    page,
                )
            case UndefinedError():
                undefined = describe_undefined(error, self.environment.site.data, page)
                help = "give it a value, or print it with `|default(…)`"
                message, help = undefined or (_said(error), help)
                return self.make("EK211", message, help, location, page, tuple(_NAMED.findall(message)))
            case RecursionError():
                help = (
                    "end the recursion of the macro, include or loop; or take apart an expression of hundreds of parts"
                )
                return self.make(
                    "EK215", "the template is nested too deep, or calls itself without an end", help, location, page
                )
            case UnreadableTemplateError():
                return Diagnostic(
                    code="EK212",
                    message=f"the template {error.why}",
                    help=error.help,
                    file=str(error.file),
                    line=error.line,
                    pages=(page,),
                )
        if isinstance(error, TypeError) and any(name in str(error) for name in ("OpaqueSlot", "Rope", "Fields")):
            message = "a slot's value is not known when the page is built, but the expression needs the value itself"
            return self.make("EK206", message, WAYS_OUT["EK206"], location, page, ("user", "segment", "request"))
        message = f"{type(error).__name__}: {_said(error)}"
        help = "Jinja's full render would fail here too; if a slot is involved, only print it"
        return self.make("EK215", message, help, location, page)

    def make(
        self, code: str, message: str, help: str, location: Location | None, page: str, words: tuple[str, ...] = ()
    ) -> Diagnostic:
        file, line, source = None, None, None
        if location is not None:
            name, line = location
            file, source = self.file_of(name), self.source_line(location)
            expression = find_expression(self._tags(name), line, words) if words else None
            if expression:
                said, question, near = message.partition("; did you mean ")
                message = f"{said}: `{expression}`{question}{near}"
        return Diagnostic(code=code, message=message, help=help, file=file, line=line, pages=(page,), source=source)

    def file_of(self, name: str) -> str:
        """A template's file."""
        return self._read(name)[0]

    def source_line(self, location: Location) -> str | None:
        """The text of a template's line, as far as there is one."""
        name, line = location
        lines = self.source_lines(name)
        return lines[line - 1] if 0 < line <= len(lines) else None

    def source_lines(self, name: str) -> list[str]:
        """A template's lines, by Jinja's idea of one: form feeds and the like end none."""
        return _NEWLINE.split(self._read(name)[1])

    def tags_on(self, location: Location) -> list[str]:
        """The tags that stand on a template's line, white space in them folded."""
        name, line = location
        return [" ".join(text.split()) for first, last, text in self._tags(name) if first <= line <= last]

    def place(self, spot: Spot) -> Location | None:
        """The line of a spot. Text has the line where its node begins, and is looked for in the lines behind it."""
        location, text, at = spot
        if location is None:
            return None
        name, line = location
        line += text.count("\n", 0, at)
        begin = text.rfind("\n", 0, at) + 1
        written = text[begin:].partition("\n")[0]
        lines = self.source_lines(name)
        return (name, line) if line <= len(lines) and written in lines[line - 1] else location

    def find_line(self, location: Location, text: str) -> Location:
        """The line, from `location` on, that has `text` in its template; `location` itself if none has.

        A render tells the line on which a run of literal text begins, and that may be many lines long.
        """
        name, first = location
        lines = self.source_lines(name)
        return name, next((line for line in range(first, len(lines) + 1) if text in lines[line - 1]), first)

    def _near_template(self, name: str) -> str | None:
        if name not in self._near_templates:
            known = self.environment.list_templates(extensions=["html", "txt", "xml", "jinja", "j2"])
            self._near_templates[name] = suggest(name, known)
        return self._near_templates[name]

    def _tags(self, name: str) -> list[Tag]:
        if name not in self._tags_of:
            self._tags_of[name] = read_tags(self.environment, self._read(name)[1])
        return self._tags_of[name]

    def _read(self, name: str) -> tuple[str, str]:
        """A template's file and text; the text is empty if it cannot be read."""
        if name not in self._sources:
            try:
                assert self.environment.loader is not None
                text, file, _ = self.environment.loader.get_source(self.environment, name)
            except (TemplateNotFound, UnreadableTemplateError):
                text, file = "", str(Path(self.environment.site.root, name))
            self._sources[name] = file or name, text
        return self._sources[name]


def _of_function(error: Exception, place: tuple[str, int | None], location: Location, page: str) -> Diagnostic:
    """A diagnostic for an exception in the site's own Python, at its line there."""
    file, line = place
    template, called = location
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Diagnostic(
        code="EK218",
        message=f"the site's own function fails: {said}",
        help=f"mend it, or what line {called} of `{template}` gives it; it can neither change data nor import later",
        file=file,
        line=line,
        pages=(page,),
        source=source_line(file, line),
    )


_NEWLINE: Final = re.compile(r"\r\n|\r|\n")
_OURS: Final = re.compile(r"(?:edgekit\.[a-z.]+)?(?:Frozen(?=Dict|List)|Tracing(?=Macro|BlockR|TemplateR))([A-Za-z]+)")
_NAMED: Final = re.compile(r"['`]([^'`]+)['`]")


def _said(error: Exception) -> str:
    """Its message with Python's and Jinja's names for our own types."""
    return _OURS.sub(lambda name: name[1].lower(), str(error))


def _words(subject: str) -> tuple[str, ...]:
    """The names in a subject's backticks, and their last parts."""
    names = subject.split("`")[1::2]
    return tuple(part for name in names for part in (name, name.rpartition(".")[2]))

"""Lines of templates as they are shown: the file, the line, and the tag on it that is meant."""

import re
from collections.abc import Sequence

from edgekit.compiler.explain.explanation import Source
from edgekit.compiler.findings import Findings
from edgekit.compiler.run import Location
from edgekit.diagnostics.text import relative_file


class Sources:
    """Makes `Source`s, their files relative to a folder."""

    def __init__(self, findings: Findings, folder: str) -> None:
        self.findings = findings
        self._folder = folder

    def file(self, template: str) -> str:
        return relative_file(self.findings.file_of(template), self._folder)

    def line(self, location: Location) -> Source:
        return Source(self.file(location[0]), location[1])

    def reading(self, location: Location, name: str) -> Source:
        """A line, with the tag on it that reads `name` (`user.name`, `tier`)."""
        return self._quote(location, name, self.findings.tags_on(location))

    def printing(self, location: Location, name: str) -> Source:
        """A line, with the tag on it that prints what `name` stands for."""
        return self._quote(location, name, [tag for tag in self.findings.tags_on(location) if tag.startswith("{{")])

    def _quote(self, location: Location, name: str, tags: Sequence[str]) -> Source:
        """The first tag with the name or else its last part; if none has, the one that stands there alone."""
        for word in (name, name.rpartition(".")[2]):
            named = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
            if found := next(filter(named.search, tags), None):
                return Source(self.file(location[0]), location[1], found)
        return Source(self.file(location[0]), location[1], tags[0] if len(tags) == 1 else None)

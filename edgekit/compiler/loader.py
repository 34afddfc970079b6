"""The site's templates as Jinja loads them: a file that is there and cannot be read is an error of its own."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, TemplateNotFound

from edgekit.model.digest import digest
from edgekit.project.site import Site

MAX_TEMPLATE_BYTES: Final = 4 * 1024 * 1024
"""Far above what anybody writes by hand: more is data, or lies there by mistake."""


class UnreadableTemplateError(Exception):
    """`file` is there, but cannot be read: `why` (the end of a sentence), at `line` if that can be told, and `help`."""

    def __init__(self, file: Path, why: str, help: str, line: int | None = None) -> None:
        super().__init__(f"{file} {why}")
        self.file = file
        self.why = why
        self.help = help
        self.line = line


class TemplateLoader(FileSystemLoader):
    """Looks in `templates/`, then in the site folder, then in `[jinja] paths`.

    `digests` has the names of the templates that were loaded with a digest (hex) of file and text then.
    """

    def __init__(self, site: Site) -> None:
        super().__init__(site.template_folders, encoding="utf-8")
        self.digests: dict[str, str] = {}
        self._root = site.root
        self._folders = [os.path.realpath(folder) for folder in self.searchpath]

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """As Jinja has it. Raises TemplateNotFound and UnreadableTemplateError."""
        file = next(filter(os.path.isfile, (f"{folder}/{template}" for folder in self.searchpath)), None)
        if file is None:
            raise TemplateNotFound(template)
        path = Path(file)
        if not any(Path(os.path.realpath(file)).is_relative_to(folder) for folder in self._folders):
            raise UnreadableTemplateError(path, "is a link that leads out of the site", "put a copy there instead")
        if os.path.getsize(file) > MAX_TEMPLATE_BYTES:
            help = "take it apart, or put what is large into the data"
            raise UnreadableTemplateError(path, f"is larger than {MAX_TEMPLATE_BYTES:,} bytes", help)
        try:
            source = super().get_source(environment, template)
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise UnreadableTemplateError(path, "is no UTF-8", "save it as UTF-8", line) from None
        except TemplateNotFound:  # for a name with `..`; it is an OSError, too
            raise
        except OSError as error:
            why = f"cannot be read: {error.strerror}"
            raise UnreadableTemplateError(path, why, "see to its permissions, or name another") from None
        # A template is compiled from what is read first; a finding may read it again to show a line.
        if template not in self.digests:
            self.digests[template] = digest(f"{self.file_of(template, file)}\0{source[0]}".encode()).hex()
        return source

    def file_of(self, template: str, file: str) -> str:
        """How a release names a template's `file`: relative to the site folder, else as templates do."""
        path = Path(file)
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else template

"""The site's templates as Jinja loads them: a file that is there and cannot be read is an error of its own."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, TemplateNotFound
from jinja2.loaders import split_template_path

from edgekit.project.basis import describe_template
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

    `digests` has the names of the templates that were loaded with what `digest_of` gave then.
    """

    def __init__(self, site: Site) -> None:
        super().__init__(site.template_folders, encoding="utf-8")
        self.digests: dict[str, str] = {}
        self._root = site.root
        self._folders = [os.path.realpath(folder) for folder in self.searchpath]
        self._inside: dict[str, bool] = {}

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """As Jinja has it, but taken for up to date for ever. Raises TemplateNotFound and UnreadableTemplateError."""
        text, file = self.read(template)
        # A template is compiled from what is read first; a finding may read it again to show a line.
        if template not in self.digests:
            self.digests[template] = self.digest_of(text, file)
        return text, file, lambda: True

    def read(self, name: str) -> tuple[str, str]:
        """A template's text, with the line ends that Jinja sees, and its file. Raises as `get_source` does."""
        plain = "/".join(split_template_path(name))
        file = next(filter(os.path.isfile, (f"{folder}/{plain}" for folder in self.searchpath)), None)
        if file is None:
            self._refuse_special(plain)
            raise TemplateNotFound(name)
        path = Path(file)
        if not self._is_inside(file):
            raise UnreadableTemplateError(path, "is a link that leads out of the site", "put a copy there instead")
        try:
            with open(file, "rb", buffering=0) as opened:
                size = os.fstat(opened.fileno()).st_size
                content = opened.readall() if size <= MAX_TEMPLATE_BYTES else b""
            text = content.decode()
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise UnreadableTemplateError(path, "is no UTF-8", "save it as UTF-8", line) from None
        except OSError as error:
            why = f"cannot be read: {error.strerror}"
            raise UnreadableTemplateError(path, why, "see to its permissions, or name another") from None
        if size > MAX_TEMPLATE_BYTES:
            help = "take it apart, or put what is large into the data"
            raise UnreadableTemplateError(path, f"is larger than {MAX_TEMPLATE_BYTES:,} bytes", help)
        return text.replace("\r\n", "\n").replace("\r", "\n"), file

    def digest_of(self, text: str, file: str) -> str:
        """What `read` gave, in short (`basis.describe_template`)."""
        return describe_template(self._root, file, text.encode())

    def file_of(self, name: str, file: str) -> str:
        """How a release names a template's `file`: relative to the site folder, else as templates do."""
        path = Path(file)
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else name

    def _refuse_special(self, name: str) -> None:
        """Say of something that is there, and that Jinja passes over, why it is no template."""
        there = filter(os.path.lexists, (f"{folder}/{name}" for folder in self.searchpath))
        if (file := next(there, None)) is not None and not os.path.isdir(file):
            link = os.path.islink(file) and not os.path.exists(file)
            why = "is a link that leads nowhere" if link else "is no regular file"
            raise UnreadableTemplateError(Path(file), why, "put an ordinary file there")

    def _is_inside(self, file: str) -> bool:
        """Does a file lie in the site's template folders, wherever links lead? Folders are asked once."""
        if os.path.islink(file):
            return self._holds(os.path.realpath(file))
        folder = os.path.dirname(file)
        if folder not in self._inside:
            self._inside[folder] = self._holds(os.path.realpath(folder))
        return self._inside[folder]

    def _holds(self, path: str) -> bool:
        return any(Path(path).is_relative_to(folder) for folder in self._folders)

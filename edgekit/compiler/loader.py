"""The site's templates as Jinja loads them: a file that is there and cannot be read is an error of its own."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateNotFound

from edgekit.project.site import Site


class UnreadableTemplateError(Exception):
    """`file` is there, but cannot be read: `why` (the end of a sentence), at `line` if that can be told, and `help`."""

    def __init__(self, file: Path, why: str, help: str, line: int | None = None) -> None:
        super().__init__(f"{file} {why}")
        self.file = file
        self.why = why
        self.help = help
        self.line = line


class TemplateLoader(FileSystemLoader):
    """Looks in `templates/`, then in the site folder, then in `[jinja] paths`."""

    def __init__(self, site: Site) -> None:
        super().__init__([site.root / "templates", site.root, *site.jinja.paths], encoding="utf-8")

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """As Jinja has it. Raises TemplateNotFound and UnreadableTemplateError."""
        try:
            return super().get_source(environment, template)
        except (OSError, ValueError) as error:
            if isinstance(error, TemplateNotFound):  # which is an OSError
                raise
            raise self._explain(template, error) from error

    def _explain(self, template: str, error: OSError | ValueError) -> Exception:
        files = (Path(folder, template) for folder in self.searchpath)
        try:
            file = next(filter(Path.is_file, files))
        except (OSError, ValueError, StopIteration):  # no file can have this name
            return TemplateNotFound(template)
        if isinstance(error, UnicodeDecodeError):
            line = error.object.count(b"\n", 0, error.start) + 1
            return UnreadableTemplateError(file, "is no UTF-8", "save it as UTF-8", line)
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return UnreadableTemplateError(file, f"cannot be read: {why}", "see to its permissions, or name another")

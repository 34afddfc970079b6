"""What is wrong with a site folder, collected while it is read, so that one run reports all of it."""

from pathlib import Path

from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError, Severity, merge_diagnostics


class Problems:
    """The problems found so far. Lives as long as one `load_site`."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def add(
        self,
        code: str,
        message: str,
        *,
        help: str,
        file: Path,
        line: int | None = None,
        source: str | None = None,
        severity: Severity = "error",
    ) -> None:
        self.found.append(
            Diagnostic(
                code=code, message=message, help=help, severity=severity, file=str(file), line=line, source=source
            )
        )

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(problem for problem in self.found if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(problem for problem in self.found if problem.severity == "warning")

    def stop_if_any(self) -> None:
        """Raises EdgekitError: 2 for wrong configuration, segments or data (EK1xx), 1 if only pages are wrong."""
        if self.errors:
            configuration = any(problem.code.startswith("EK1") for problem in self.errors)
            raise EdgekitError(merge_diagnostics(self.found), status=2 if configuration else 1)

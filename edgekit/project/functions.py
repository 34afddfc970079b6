"""`[jinja] filters, tests, globals`: the site's own Python, imported from the site's parent folder."""

import hashlib
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import FileFinder, ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.project.config import JinjaTable
from edgekit.project.fingerprint import FOLDER_MARK
from edgekit.project.foreign import digest_foreign_modules
from edgekit.project.items import TAKEN
from edgekit.project.plain import NotPlainError, as_plain
from edgekit.project.problems import Problems
from edgekit.project.site import Functions
from edgekit.project.toml import TomlFile, note

_TARGET: Final = re.compile(r"((?:[^\W\d]\w*\.)*[^\W\d]\w*):([^\W\d]\w*)")

_TAKEN: Final = {
    "filters": frozenset({"e", "escape", "string", "urlencode", "path_part", "safe_url", "tojson"}),
    "tests": frozenset[str](),
    "globals": TAKEN,
}
"""Names that a site's own may not have: the encodings, and what edgekit or Jinja binds in a template."""


def read_functions(root: Path, table: JinjaTable, toml: TomlFile, problems: Problems) -> Functions:
    """What the tables name, imported afresh: a second call sees the files as they are then.

    What cannot be imported is left out, and a problem noted.
    """
    tables = {"filters": table.filters, "tests": table.tests, "globals": table.globals}
    if not any(tables.values()):
        return Functions()
    read: dict[str, dict[str, Any]] = {kind: {} for kind in tables}
    matches = [_TARGET.fullmatch(target) for targets in tables.values() for target in targets.values()]
    packages = {match[1].partition(".")[0] for match in matches if match}
    with _fresh_modules(root.parent, packages) as modules:
        for kind, targets in tables.items():
            for name, target in targets.items():
                place = ("jinja", kind, name)
                match = _TARGET.fullmatch(target)
                if not name.isidentifier() or name in _TAKEN[kind]:
                    what = "taken by edgekit or Jinja" if name in _TAKEN[kind] else "no name that a template can write"
                    note(problems, toml, place, "EK147", f"`{name}` is {what}", help="give it another name")
                elif match is None:
                    message = f"`{target}` names no attribute of a module"
                    note(problems, toml, place, "EK113", message, help="write `package.module:attribute`")
                elif (found := _import(match, kind, modules, toml, place, problems)) is not None:
                    read[kind][name] = found[0]
    looked_at = digest_foreign_modules() | modules.looked_at
    sources = tuple(sorted(map(Path, modules.files)))
    return Functions(**read, sources=sources, looked_at=looked_at, digest=_digest(tables, looked_at, root))


def _digest(tables: Mapping[str, Mapping[str, str]], looked_at: Mapping[str, str], root: Path) -> str:
    """Of what `[jinja]` names, and of the modules as they were imported."""
    targets = sorted((kind, name, target) for kind, names in tables.items() for name, target in names.items())
    files = sorted((os.path.relpath(file, root), found) for file, found in looked_at.items())
    return hashlib.sha256(repr((targets, files)).encode()).hexdigest()


def _import(
    target: re.Match[str],
    kind: str,
    modules: "_SiteModules",
    toml: TomlFile,
    place: Sequence[str],
    problems: Problems,
) -> tuple[Any] | None:
    """The attribute that `target` names, or None and a problem noted."""

    def refuse(message: str, help: str) -> None:
        note(problems, toml, place, "EK146", message, help=help)

    name, attribute = target.groups()
    if not modules.has(name.partition(".")[0]):
        first = name.partition(".")[0]
        where = f"there is no module `{first}` in `{modules.folder.name or modules.folder}`"
        near = did_you_mean(first, (file.stem for file in modules.folder.glob("*.py")))
        refuse(where + near, "modules are imported from the folder that holds the site's")
        return None
    try:
        module = import_module(name)
    except (Exception, SystemExit) as error:  # whatever a module does when it is imported
        if (found := _place_of(error, modules.files)) is None:
            refuse(f"`{name}` cannot be imported: {_said(error)}", "mend the module, or name another")
        else:
            file, line = found
            problems.add(
                "EK146",
                f"`{name}` cannot be imported: {_said(error)}",
                help="mend the module; `[jinja]` in edgekit.toml names it",
                file=Path(file),
                line=line,
                source=source_line(file, line),
            )
        return None
    if not hasattr(module, attribute):
        near = did_you_mean(attribute, [known for known in vars(module) if not known.startswith("_")])
        refuse(f"module `{name}` has no `{attribute}`{near}", "name a function that it defines")
        return None
    value = getattr(module, attribute)
    if not callable(value):
        if kind != "globals":
            refuse(f"`{target[0]}` is a `{type(value).__name__}`, and no function", "name a function")
            return None
        try:
            return (as_plain(value),)
        except (NotPlainError, RecursionError) as error:
            refuse(
                f"`{target[0]}` is, or holds, a `{error}`, and that is no plain data",
                "a global is a function, or text, a number, a date, or a list or dict of those",
            )
            return None
    if getattr(getattr(value, "jinja_pass_arg", None), "name", "eval_context") != "eval_context":
        refuse(
            f"`{target[0]}` asks for the template's context or environment",
            "let templates give it what it needs as arguments; `pass_eval_context` may stay",
        )
        return None
    return (value,)


def _said(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"syntax error: {error.msg}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _place_of(error: BaseException, files: set[str]) -> tuple[str, int | None] | None:
    """File and line of an error in the site's modules: of the syntax, else of the innermost call in one."""
    if isinstance(error, SyntaxError) and error.filename in files:
        return error.filename, error.lineno
    return innermost_line(error, files)


def innermost_line(error: BaseException, files: set[str]) -> tuple[str, int | None] | None:
    """The last call in a traceback that one of `files` makes: its file and line."""
    if not files:  # most sites have no Python, and thousands of pages may fail
        return None
    calls = [
        (call.filename, call.lineno) for call in traceback.extract_tb(error.__traceback__) if call.filename in files
    ]
    return calls[-1] if calls else None


def source_line(file: str, line: int | None) -> str | None:
    """The text of a line, if the file still has it."""
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return lines[line - 1] if line and line <= len(lines) else None


class _Loader(SourceFileLoader):
    """Reads the source itself: a cached byte code is taken for fresh if size and second of the source are equal.

    What it reads goes into `looked_at`, with its digest.
    """

    def __init__(self, fullname: str, file: str, looked_at: dict[str, str]) -> None:
        super().__init__(fullname, file)
        self.looked_at = looked_at

    def get_code(self, fullname: str) -> CodeType:
        file = self.get_filename(fullname)
        source = self.get_data(file)
        self.looked_at[file] = hashlib.sha256(source).hexdigest()
        code: CodeType = self.source_to_code(source, file)
        return code


class _SiteModules:
    """A finder of modules below one folder; notes what it found. Lives as long as one import of a site's functions.

    `packages` are what `[jinja]` names. `looked_at` are `Functions.looked_at`: a file that appears where there was none
    is imported instead of another.
    """

    def __init__(self, folder: Path, packages: set[str]) -> None:
        self.folder = folder
        self.packages = packages
        self.names: set[str] = set()
        self.files: set[str] = set()
        self.looked_at: dict[str, str] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parent = name.rpartition(".")[0]
        if parent and parent not in self.names:
            return None
        for folder in path if parent and path else [str(self.folder)]:
            spec = self._look(folder, name)
            if spec is not None and (spec.loader is not None or parent or self._is_wanted(name)):
                self.names.add(name)
                if spec.origin is not None:
                    self.files.add(spec.origin)
                return spec
        return None

    def _is_wanted(self, name: str) -> bool:
        """Is a folder without `__init__.py` a package? If `[jinja]` says so, or nothing else has its name."""
        return name in self.packages or PathFinder.find_spec(name) is None

    def has(self, name: str) -> bool:
        return self._look(str(self.folder), name) is not None

    def _look(self, folder: str, name: str) -> ModuleSpec | None:
        loader: Any = self._loader
        spec = FileFinder(folder, (loader, [".py"])).find_spec(name)
        place = os.path.join(folder, name.rpartition(".")[2])
        for file in (os.path.join(place, "__init__.py"), f"{place}.py"):
            if spec is not None and spec.origin == file:
                return spec
            self.looked_at[file] = ""
        self.looked_at[place] = FOLDER_MARK if spec is not None else ""
        return spec

    def _loader(self, fullname: str, file: str) -> _Loader:
        return _Loader(fullname, file, self.looked_at)


@contextmanager
def _fresh_modules(folder: Path, packages: set[str]) -> Iterator[_SiteModules]:
    """Let imports find modules below `folder`, and leave nothing behind.

    Of those `packages` that lie there, modules of the same names that are loaded already are put aside meanwhile.
    """
    modules = _SiteModules(folder, packages)
    found = set(filter(modules.has, packages))
    aside = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in found}
    for name in aside:
        del sys.modules[name]
    sys.meta_path.insert(0, modules)
    try:
        yield modules
    finally:
        sys.meta_path.remove(modules)
        for name in modules.names:
            sys.modules.pop(name, None)
        sys.modules.update(aside)

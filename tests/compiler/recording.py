"""A plug-in of pytest that notes which templates somebody's tests render, in a form that a site of ours can have.

`pytest -p tests.compiler.recording --recording FILE` writes a line of JSON, a `Recorded`, for each `Template.render`.
A template is left out if its environment has an option or extension that `[jinja]` lacks; so is a variable that is no
plain data. What templates then miss, plain Jinja misses as well.
"""

import math
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

import jinja2
import msgspec
import pytest
from jinja2.defaults import DEFAULT_NAMESPACE
from markupsafe import Markup

_EXTENSIONS: Final = {
    "jinja2.ext.ExprStmtExtension": "do",
    "jinja2.ext.LoopControlExtension": "loopcontrols",
    "jinja2.ext.InternationalizationExtension": "i18n",
}
_DEFAULTS: Final = jinja2.Environment()
_LACKING: Final = (
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "line_statement_prefix",
    "line_comment_prefix",
    "newline_sequence",
    "is_async",
)
"""Options that `[jinja]` does not have: they must be Jinja's defaults."""


class Options(msgspec.Struct, frozen=True):
    """The options of an environment that `[jinja]` has too, named as there."""

    extensions: tuple[str, ...]
    trim_blocks: bool
    lstrip_blocks: bool
    keep_trailing_newline: bool


class Recorded(msgspec.Struct, frozen=True):
    """A template as it was rendered.

    `source` is its text; `sources` are the texts of all that it can load, by name; `variables` are Jinja expressions.
    """

    options: Options
    source: str
    sources: dict[str, str]
    variables: dict[str, str]


class _NotForASiteError(Exception):
    pass


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--recording", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    recording: Path = config.getoption("--recording")
    from_string, render = jinja2.Environment.from_string, jinja2.Template.render
    strings: WeakKeyDictionary[jinja2.Template, object] = WeakKeyDictionary()

    def keep_string(environment: jinja2.Environment, source: Any, *args: Any, **kwargs: Any) -> jinja2.Template:
        template = from_string(environment, source, *args, **kwargs)
        strings[template] = source
        return template

    def record(template: jinja2.Template, /, *args: Any, **kwargs: Any) -> str:
        try:
            recorded = _record(template, strings.get(template), dict(*args, **kwargs))
        except _NotForASiteError:
            pass
        else:
            with recording.open("ab") as lines:
                lines.write(msgspec.json.encode(recorded) + b"\n")
        return render(template, *args, **kwargs)

    patch = pytest.MonkeyPatch()  # never undone: the process ends with the tests
    patch.setattr(jinja2.Environment, "from_string", keep_string)
    patch.setattr(jinja2.Template, "render", record)


def _record(template: jinja2.Template, string: object, variables: dict[str, Any]) -> Recorded:
    options = _options(template.environment)
    sources = _read_sources(template.environment)
    source = sources.get(template.name or "") if string is None else string
    if not isinstance(source, str):  # loaded past its environment, or made from a syntax tree
        raise _NotForASiteError
    given = {name: value for name, value in template.globals.items() if name not in DEFAULT_NAMESPACE} | variables
    expressions = {}
    for name, value in given.items():
        with suppress(_NotForASiteError):
            expressions[name] = _expression(value)
    return Recorded(options, source, sources, expressions)


def _options(environment: jinja2.Environment) -> Options:
    if any(getattr(environment, name) != getattr(_DEFAULTS, name) for name in _LACKING):
        raise _NotForASiteError
    if not environment.extensions.keys() <= _EXTENSIONS.keys():
        raise _NotForASiteError
    return Options(
        tuple(sorted(_EXTENSIONS[name] for name in environment.extensions)),
        environment.trim_blocks,
        environment.lstrip_blocks,
        environment.keep_trailing_newline,
    )


def _read_sources(environment: jinja2.Environment) -> dict[str, str]:
    sources: dict[str, str] = {}
    loader = environment.loader
    if loader is None:
        return sources
    try:
        names = loader.list_templates()
    except TypeError:  # Jinja's way to say that a loader cannot tell
        raise _NotForASiteError from None
    for name in names:
        with suppress(UnicodeDecodeError):
            sources[name] = loader.get_source(environment, name)[0]
    return sources


def _expression(value: Any) -> str:
    """A Jinja expression that gives the value again, with its types."""
    if value is None or type(value) in (str, int, bool) or (type(value) is float and math.isfinite(value)):
        return ascii(value)
    if type(value) is Markup:
        return f"({str(value)!a}|safe)"
    if type(value) is dict:
        return "{" + "".join(f"{_expression(key)}: {_expression(entry)}, " for key, entry in value.items()) + "}"
    if type(value) is list:
        return "[" + "".join(f"{_expression(entry)}, " for entry in value) + "]"
    if type(value) is tuple:
        return "(" + "".join(f"{_expression(entry)}, " for entry in value) + ")"
    raise _NotForASiteError

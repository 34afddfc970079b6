"""What the building process tells the server after each build."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.text import escape_control, format_message, relative_file

MAX_PROBLEMS: Final = 20
_MAX_TEXT: Final = 2_000
"""Characters of one text of a problem."""


class Problem(msgspec.Struct, frozen=True):
    """A finding, in words for people; `place` and `source` may be empty."""

    code: str
    place: str
    message: str
    source: str
    help: str


class News(msgspec.Struct, frozen=True):
    """`store` is the file to answer from, if it is known; `problems` are those of a build that failed, `more` counts
    the others that it had."""

    store: str | None
    problems: tuple[Problem, ...] = ()
    more: int = 0


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(News).decode


def build_news(store: Path | None, found: Iterable[Diagnostic], folder: str) -> News:
    """The news of a build that failed with these findings (none: it did not); names of files relative to `folder`."""
    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    problems = tuple(_describe(error, folder) for error in errors[:MAX_PROBLEMS])
    return News(None if store is None else str(store.absolute()), problems, len(errors) - len(problems))


def encode_news(news: News) -> bytes:
    """JSON."""
    return _encode(news)


def decode_news(raw: bytes) -> News:
    return _decode(raw)


def _describe(error: Diagnostic, folder: str) -> Problem:
    place = "" if error.file is None else relative_file(error.file, folder)
    if place and error.line:
        place += f":{error.line}"
    return Problem(
        error.code,
        _shorten(escape_control(place)),
        _shorten(format_message(error)),
        _shorten(escape_control((error.source or "").strip())),
        _shorten(escape_control(error.help)),
    )


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"

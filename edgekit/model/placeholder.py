r"""The text form of a fragment: section 4 of the contract.

A token is an escaped brace `{_}`, a placeholder `{NAME}` or `{NAME:encoding}`, a choice's alternative
`{?NAME=value}` or a choice's end `{/NAME}`. Text that would read as a token has its brace written `{_}`.
Replacement is one pass from left to right: a value is never scanned.
"""

import re
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import quote

Encoding = Literal["", "url", "path", "href", "json"]
"""How a value is written; `""` is HTML-escaped."""

ENCODINGS: Final[tuple[Encoding, ...]] = ("", "url", "path", "href", "json")

NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")
TOKEN: Final = re.compile(r"\{(_|[A-Z][A-Z0-9_]*(:[a-z]+)?|\?[A-Z][A-Z0-9_]*=[A-Za-z0-9._~%-]*|/[A-Z][A-Z0-9_]*)\}")
BRACE: Final = "{_}"

Mark = Literal["?", "/"]
"""What begins an alternative of a choice, or ends the choice."""

MARKS: Final[tuple[Mark, ...]] = ("?", "/")


def format_placeholder(name: str, encoding: Encoding) -> str:
    return f"{{{name}:{encoding}}}" if encoding else f"{{{name}}}"


@lru_cache(1024)  # percent-encoding takes a microsecond, and a body may hold ten thousand
def format_alternative(name: str, choice: str) -> str:
    """The token before the text of one choice; the value is percent-encoded, all but the unreserved, as UTF-8."""
    return f"{{?{name}={quote(choice, safe='')}}}"


def format_end(name: str) -> str:
    """The token behind a choice's last alternative."""
    return f"{{/{name}}}"

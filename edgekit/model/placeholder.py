r"""The text form of a fragment: section 4 of the contract.

A token is an escaped brace `{_}`, a placeholder `{NAME}` or `{NAME:encoding}`, a choice's alternative
`{?NAME=value}` or a choice's end `{/NAME}`. Text that would read as a token has its brace written `{_}`.
Replacement is one pass from left to right: a value is never scanned.
"""

import re
from typing import Final, Literal

Encoding = Literal["", "url", "path", "href", "json"]
"""How a value is written; `""` is HTML-escaped."""

ENCODINGS: Final[tuple[Encoding, ...]] = ("", "url", "path", "href", "json")

NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")
TOKEN: Final = re.compile(r"\{(_|[A-Z][A-Z0-9_]*(:[a-z]+)?|\?[A-Z][A-Z0-9_]*=[A-Za-z0-9._~%-]*|/[A-Z][A-Z0-9_]*)\}")
BRACE: Final = "{_}"


def format_placeholder(name: str, encoding: Encoding) -> str:
    return f"{{{name}:{encoding}}}" if encoding else f"{{{name}}}"


def escape_text(text: str) -> str:
    """The page's own text with every brace that starts a token written as `{_}`."""
    if "{" not in text:
        return text
    return TOKEN.sub(lambda token: BRACE + token.group()[1:], text)

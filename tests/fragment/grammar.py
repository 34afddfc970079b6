"""A fragment read as the contract's section 4 has it: token by token, recursively, with no plan made first."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from edgekit.model.placeholder import BRACE, TOKEN, Encoding

Write = Callable[[str, Encoding], str]


def interpret(body: str, write: Write, chosen: Mapping[str, str]) -> str:
    """The body with `write(name, encoding)` for each placeholder, and of each choice the alternative `chosen` names."""

    def read(at: int, inside: str) -> tuple[str, int]:
        """What stands from `at` up to the next alternative or the end of the choice `inside`, and where that is."""
        text = ""
        while token := TOKEN.search(body, at):
            text += body[at : token.start()]
            name, _, encoding = re.split("([=:])", token[1].lstrip("?/") + ":")[:3]
            if token[1][0] in "?/" and name == inside:
                return text, token.start()
            if token[1][0] == "?":
                alternative, at = read_choice(token.start(), name)
                text += alternative
            else:
                text += "{" if name == "_" else write(name, encoding)  # type: ignore[arg-type]
                at = token.end()
        return text + body[at:], len(body)

    def read_choice(at: int, name: str) -> tuple[str, int]:
        found = []
        while (token := TOKEN.match(body, at)) and token[1][0] == "?":
            text, at = read(token.end(), name)
            if unquote(token[1].partition("=")[2]) == chosen[name]:
                found.append(text)
        (alternative,) = found
        assert token is not None
        return alternative, token.end()

    return read(0, "")[0]


def escape_text(text: str) -> str:
    """The page's own text with every brace that starts a token written as `{_}`."""
    return TOKEN.sub(lambda token: BRACE + token.group()[1:], text)

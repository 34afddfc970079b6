"""What a document tells users to write and to type."""

import re


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def replaced(text: str, changes: dict[str, str]) -> str:
    """Each of the changes is made somewhere."""
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text

"""Text of a page, as the report shows it: tokens and marks stand out, and nothing in it is invisible."""

import re
from typing import Final

from markupsafe import Markup

from edgekit.model.island import MARK
from edgekit.model.placeholder import BRACE, TOKEN

_UNSEEN: Final = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
"""Controls, and characters that have no width or turn the order of others: they may hide what a page says."""

_PLAIN: Final = re.compile(rf"(?P<mark>{MARK.pattern.decode()})|(?P<unseen>{_UNSEEN})")
_FRAGMENT: Final = re.compile(rf"(?P<token>{TOKEN.pattern})|{_PLAIN.pattern}")

_MARKED: Final = Markup('<b class="%s">%s</b>')


def show_text(text: str, *, static: bool) -> Markup:
    """A text with `<b class="…">` around what is no plain text. `static`: it is never read by the grammar of tokens."""
    shown: list[Markup] = []
    at = 0
    for found in (_PLAIN if static else _FRAGMENT).finditer(text):
        shown.append(Markup.escape(text[at : found.start()]))
        shown.append(_MARKED % _name(found))
        at = found.end()
    rest = Markup.escape(text[at:])
    return Markup().join([*shown, rest]) if shown else rest


def show_sentence(sentence: str) -> Markup:
    """A sentence of ours, whose values stand in backticks."""
    parts = sentence.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(show_text(part, static=False)) if at % 2 and at < len(parts) - 1 else part
        for at, part in enumerate(parts)
    )


def _name(found: re.Match[str]) -> tuple[str, str]:
    """What it is, as a class of the style sheet, and what is shown for it."""
    text = found[0]
    if found["unseen"]:
        return "unseen", f"U+{ord(text):04X}"
    if found["mark"]:
        return "island", text
    if text == BRACE:
        return "brace", text
    return "choice" if text[1] in "?/" else "slot", text
